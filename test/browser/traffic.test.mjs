// SPDX-License-Identifier: Apache-2.0
import { test, until, worlds } from './tests.mjs';

test('traffic: what passes the gateway is in the charts within seconds, and as a table', async (visit) => {
    const page = await visit.at('open', '/_/traffic');
    await page.getByRole('heading', { level: 1, name: 'Traffic' }).waitFor();
    const asking = setInterval(() => fetch(`${worlds.open.listeners.api}/nobody`).catch(() => {}), 20);
    try {
        const chart = page.getByRole('figure', { name: 'Requests per second' }).first();
        await chart.waitFor();
        await until(async () => /[1-9]/.test(await chart.getByRole('definition').first().innerText()), 8, 'a rate');
        await chart.getByRole('button', { name: 'Table' }).click();
        await chart.getByRole('table').first().waitFor();
    } finally {
        clearInterval(asking);
    }
});

test('traffic: the hour, and one line of it, are addresses', async (visit) => {
    const page = await visit.at('open', '/_/traffic');
    await page.getByRole('group', { name: 'Window' }).getByRole('button', { name: '1 h' }).click();
    await page.waitForURL(/window=1h/);
    await page.reload();
    await page.getByRole('button', { name: '1 h', pressed: true }).waitFor();
    await page.goto(`${worlds.open.url}/_/traffic?kind=module&name=web`);
    await page.getByRole('heading', { level: 1, name: 'web' }).waitFor();
});
