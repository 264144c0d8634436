// SPDX-License-Identifier: Apache-2.0
// The page with the whole configuration.
import assert from 'node:assert/strict';
import { test, until } from './tests.mjs';

const option = (page, table, name) => page.getByRole('table', { name: table }).getByRole('row').filter({ has: page.getByText(name, { exact: true }) });

test('config: every value of the host is there, in tables, with its origin', async (visit) => {
    const page = await visit.at('open', '/services');
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Configuration' }).click();
    await page.getByRole('heading', { level: 1, name: 'Configuration' }).waitFor();
    for (const title of ['Host', 'Listeners', 'Filters', 'Modules']) await page.getByRole('heading', { level: 2, name: title, exact: true }).waitFor();
    await page.getByRole('table', { name: 'Modules' }).getByRole('link', { name: 'web', exact: true }).waitFor();
    const loops = option(page, 'Host', 'loops');
    assert.match(await loops.innerText(), /\b2\b[^]*file/, 'what the file says');
    assert.match(await loops.innerText(), /default auto/);
    assert.match(await option(page, 'Modules', 'session_idle').innerText(), /30m[^]*default/);
});

test('config: the filter is in the address, and finds values by origin', async (visit) => {
    const page = await visit.at('open', '/_/config?q=origin:file');
    await page.getByText(/\d+ of \d+ values/).waitFor();
    await page.getByText('loops', { exact: true }).waitFor();
    assert.equal(await page.getByText('session_idle', { exact: true }).count(), 0);
    await page.keyboard.press('/');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('nothing like it');
    await page.getByText('No value fits.').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByText('session_idle', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Set', exact: true }).click();
    await page.waitForURL(/only=set/);
    await until(async () => (await page.getByText('session_idle', { exact: true }).count()) === 0, 5, 'the defaults are gone');
    await page.reload();
    await page.getByText('loops', { exact: true }).waitFor();
    assert.equal(await page.getByText('session_idle', { exact: true }).count(), 0);
});

test('config: the same as JSON is shown beside it', async (visit) => {
    const page = await visit.at('open', '/_/config');
    await page.getByRole('button', { name: 'JSON' }).click();
    await page.getByRole('dialog').getByText('"host.loops"').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('config: in a narrow window nothing is cut off', async (visit) => {
    const page = await visit.at('open', '/_/config', { viewport: { width: 360, height: 700 } });
    await page.getByText('session_idle', { exact: true }).first().waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `${wide} px wide`);
    await page.getByRole('table', { name: 'Host' }).getByRole('cell', { name: /^loops/ }).waitFor(); // a table still
});
