// SPDX-License-Identifier: Apache-2.0
// The story that story.py prepares: somebody who operates a gateway, for a day, with nothing but a browser.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { settings, until, worlds } from './tests.mjs';
import { fillIn } from './login.mjs';
import { launch, Visit } from './visit.mjs';

const { url, folder, apps } = worlds.story;
const browser = await launch();
const visit = new Visit(browser, 'story');
const page = await (await visit.context({ baseURL: url })).newPage();
const told = ['# A day with the dashboard', '', 'Made by test/browser/story.py. Each picture is there twice: -light and -dark.', ''];
let number = 0;

/// Both pictures of what is there.
async function picture(name) {
    number += 1;
    const stem = `${String(number).padStart(2, '0')}-${name}`;
    for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.waitForTimeout(250); // charts are drawn again
        await page.screenshot({ path: join(settings.out, `${stem}-${colorScheme}.png`) });
    }
    told.push(`![${name}](${stem}-light.png)`, '');
}

const heading = (name) => page.getByRole('heading', { level: 1, name }).waitFor();

async function step(name, does) {
    const began = performance.now();
    told.push(`## ${name}`, '');
    let result;
    try {
        await does();
        result = { ok: true };
    } catch (problem) {
        result = { ok: false, text: `${problem.stack}\n${await visit.seen()}`.replace(/\x1b\[\d+m/g, '') };
        told.push('**This did not come about.**', '');
    }
    console.log(JSON.stringify({ test: `story: ${name}`, ms: Math.round(performance.now() - began), ...result }));
}

await step('The address leads to the log-in; a wrong password does not get in', async () => {
    visit.expects(/401/);
    await page.goto('/services');
    await page.getByLabel(/Password/).waitFor();
    await picture('login');
    await fillIn(page, 'carla', 'guess');
    await page.getByRole('alert').filter({ hasText: /./ }).waitFor();
    await picture('login-refused');
});

await step('The right one leads to what was asked for', async () => {
    await fillIn(page, 'carla');
    await heading('Services');
    await page.getByRole('link', { name: 'go.micro.srv.greeter' }).waitFor();
    await picture('services');
    await page.getByRole('searchbox', { name: 'Filter services' }).fill('greeter');
    await page.waitForURL(/q=greeter/);
    await picture('services-filtered');
});

await step('A service: nodes, endpoints, and a call of one', async () => {
    await page.getByRole('link', { name: 'go.micro.srv.greeter' }).click();
    await heading(/greeter/);
    await picture('service');
    await page.getByLabel('Endpoint').selectOption('Say.Hello');
    await page.getByLabel('Request').fill('{"name": "Anna"}');
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.getByText('200 ok').waitFor();
    await picture('call');
    await page.getByLabel('Request').fill('{"name": "Ben"}');
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.getByRole('region', { name: 'Answer' }).getByText('"Ben"').waitFor();
    for (const index of [0, 1]) await page.getByRole('checkbox', { name: /Compare/ }).nth(index).check();
    await page.getByRole('region', { name: 'Difference' }).scrollIntoViewIfNeeded();
    await picture('compare');
    await page.getByRole('region', { name: 'Difference' }).getByRole('button', { name: 'Close' }).click();
    await page.getByLabel('Endpoint').selectOption('Say.Stream');
    await page.getByRole('checkbox', { name: 'Stream' }).check();
    await page.getByLabel('Request').fill('{"name": "Anna"}');
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.getByText('3 messages').waitFor();
    await picture('call-stream');
});

await step('The overview, and who asks for how much', async () => {
    await page.goto('/');
    await heading(/.+/);
    await page.waitForTimeout(3000); // something to see in the charts
    await picture('overview');
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Traffic' }).click();
    await heading('Traffic');
    await page.waitForTimeout(2000);
    await picture('traffic');
});

await step('The modules, and one of them', async () => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Modules' }).click();
    await heading('Modules');
    await page.getByRole('link', { name: 'stamp', exact: true }).waitFor();
    await picture('modules');
    await page.getByRole('link', { name: 'stamp', exact: true }).click();
    await heading(/stamp/);
    await page.getByText('1.0.0').first().waitFor();
    await picture('module');
});

await step('Its new version is built, and replaces it while requests pass', async () => {
    writeFileSync(join(folder, 'wants-version-2'), '');
    await until(() => existsSync(join(folder, 'has-version-2')), 30, 'the new version');
    await page.getByRole('button', { name: /Reload/ }).first().click();
    const sure = page.getByRole('dialog').getByRole('button', { name: /Reload/ });
    await sure.waitFor({ timeout: 1000 }).then(() => sure.click(), () => {});
    await page.getByText('2.0.0').first().waitFor();
    await picture('module-reloaded');
});

await step('What is configured, and where each value came from', async () => {
    await page.goto('/_/config');
    await heading('Configuration');
    await page.getByText('loops', { exact: true }).waitFor();
    await picture('config');
    await page.getByRole('searchbox', { name: 'Filter the configuration' }).fill('origin:file');
    await page.getByText(/\d+ of \d+ values/).waitFor();
    await picture('config-of-the-file');
});

await step('A web service, and what is said when it dies', async () => {
    visit.expects(/502/);
    await page.goto('/_/apps');
    await heading(/.+/);
    await picture('apps');
    process.kill(apps.doomed, 'SIGKILL');
    let answer;
    await until(async () => (answer = await page.goto('/doomed/')).status() === 502, 5, 'a 502');
    await picture('bad-gateway');
    const id = answer.headers()['x-request-id'];
    await page.goto(`/_/logs?request=${id}`);
    await heading('Logs');
    await page.getByText(/cannot be reached|broke|refused|502/).first().waitFor();
    await picture('logs-of-a-request');
    await page.goto('/_/logs');
    await heading('Logs');
    await page.waitForTimeout(300);
    await picture('logs');
});

await step('Commands without a shell', async () => {
    await page.goto('/_/console');
    await heading('Console');
    await page.getByRole('main').getByRole('combobox').first().fill('list services');
    await page.keyboard.press('Enter');
    await page.getByText('go.micro.srv.greeter').first().waitFor();
    await picture('console');
});

await step('Keys, and what this is made of', async () => {
    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await picture('keys');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('gre');
    await picture('palette');
    await page.keyboard.press('Escape');
    await page.goto('/_/about');
    await heading(/.+/);
    await picture('about');
});

await step('On a telephone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const [path, name] of [['/services', 'narrow-services'], ['/_/traffic', 'narrow-traffic'], ['/_/modules', 'narrow-modules'], ['/_/config', 'narrow-config']]) {
        await page.goto(path);
        await heading(/.+/);
        await page.waitForTimeout(300);
        await picture(name);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
});

await step('Without a script', async () => {
    for (const path of ['/services?plain', '/service/go.micro.srv.greeter?plain', '/_/modules?plain', '/_/config?plain']) {
        await page.goto(path);
        await heading(/.+/);
        await picture(`plain${path.replace(/\W+/g, '-').replace('-plain', '')}`);
    }
});

await step('Logging out', async () => {
    await page.goto('/services');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel(/Password/).waitFor();
    await picture('logged-out');
});

await step('Nobody else was asked for anything, and no policy was broken', async () => {
    visit.mustBeClean();
    assert.ok(visit.requests.length > 50);
    told.push(`${visit.requests.length} requests, all of ${new URL(url).origin}.`, '');
});

writeFileSync(join(settings.out, 'story.md'), told.join('\n'));
await browser.close();
