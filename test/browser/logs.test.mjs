// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test, until, worlds } from './tests.mjs';

const lines = (page) => page.getByRole('log').getByRole('listitem');
const { url } = worlds.open;

/// Makes the program log: a module is reloaded, which is written down for the audit.
async function reload(id) {
    const answer = await fetch(`${url}/_/commands/modules/reload`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ args: { id } }),
    });
    assert.equal(answer.status, 200, await answer.text());
}

test('logs: a line comes while the page is open, is filtered by level, text and module, and the filter is in the address', async (visit) => {
    const page = await visit.at('open', '/_/logs');
    await lines(page).first().waitFor();
    const before = await lines(page).filter({ hasText: /modules.reload/ }).count();
    await reload('limit');
    await until(async () => (await lines(page).filter({ hasText: /modules.reload/ }).count()) > before, 5, 'the audit of the reload');
    await page.getByRole('searchbox', { name: 'Lines with this text' }).fill('modules reload');
    await page.waitForURL(/text=modules.reload/);
    await until(async () => (await lines(page).count()) === (await lines(page).filter({ hasText: /modules.reload/ }).count()), 3, 'only those');
    await page.getByRole('group', { name: 'Level' }).getByRole('button', { name: 'Error' }).click();
    await page.waitForURL(/level=error/);
    await page.getByText(/No line with/).waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await lines(page).first().waitFor();
});

test('logs: while it is paused nothing moves, and then all is there', async (visit) => {
    const page = await visit.at('open', '/_/logs');
    await lines(page).first().waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    const seen = await lines(page).count();
    await reload('limit');
    await page.getByRole('button', { name: /Go on, \d+ came/ }).waitFor();
    assert.equal(await lines(page).count(), seen);
    await page.getByRole('button', { name: /Go on/ }).click();
    await until(async () => (await lines(page).count()) > seen, 3, 'the lines that came');
});

test('logs: what is shown can be saved', async (visit) => {
    const page = await visit.at('open', '/_/logs');
    await lines(page).first().waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as NDJSON' }).click()]);
    const text = await readFile(await file.path(), 'utf8');
    assert.ok(text.trim().split('\n').map((l) => JSON.parse(l)).every((l) => l.seq && l.level && l.text));
});
