// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test, until } from './tests.mjs';

const row = (page, id) => page.getByRole('row').filter({ has: page.getByRole('link', { name: id, exact: true }) });

async function generation(page, id) {
    const table = page.getByRole('table').first();
    const heads = await table.getByRole('columnheader').allInnerTexts();
    const at = heads.findIndex((h) => /^gen/i.test(h.trim()));
    assert.ok(at >= 0, `no column of generations in ${heads}`);
    return Number.parseInt(await row(page, id).first().getByRole('cell').nth(at).innerText(), 10);
}

test('modules: one is reloaded from the page, and its generation is the next', async (visit) => {
    const page = await visit.at('open', '/_/modules');
    await row(page, 'limit').first().waitFor();
    const before = await generation(page, 'limit');
    await row(page, 'limit').first().getByRole('button', { name: /Reload/ }).click();
    const sure = page.getByRole('dialog').getByRole('button', { name: /Reload/ });
    await sure.waitFor({ timeout: 1000 }).then(() => sure.click(), () => {}); // may ask first
    await until(async () => (await generation(page, 'limit')) === before + 1, 8, 'the next generation');
    await page.getByText('Live', { exact: true }).waitFor();
});

test('modules: unloading one wants to be confirmed, and can be left', async (visit) => {
    const page = await visit.at('open', '/_/modules');
    await row(page, 'cli').first().getByRole('link', { name: 'cli', exact: true }).click();
    await page.getByRole('button', { name: /Unload/ }).click();
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.goto(new URL('/_/modules', page.url()).href);
    await row(page, 'cli').first().waitFor();
});

test('modules: a page that one brings along is among the others, and shows what its command puts out', async (visit) => {
    const page = await visit.at('open', '/services');
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Rollouts' }).click();
    await page.getByRole('heading', { level: 1, name: 'Rollouts' }).waitFor();
    await page.getByRole('cell', { name: 'go.micro.srv.greeter' }).first().waitFor();
    await page.reload(); // it has an address
    await page.getByRole('cell', { name: 'go.micro.srv.greeter' }).first().waitFor();
});
