// SPDX-License-Identifier: Apache-2.0
// Web services behind /[name]: websockets, downloads, and what is said when one is dead.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { test, until, worlds } from './tests.mjs';

const { url, apps, pid } = worlds.open;

/// Bytes that are the process's own.
const memory = () => Number(/^Pss_Anon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) * 1024;

test('apps: a page of a web service runs its scripts and talks through its websocket', async (visit) => {
    const page = await visit.at('open', '/app/');
    await page.getByText('the socket says hello').waitFor();
    assert.equal(await page.title(), 'app');
});

test('apps: 100 MB come through whole, and the program does not keep them', async () => {
    const bytes = 100 * 1000 * 1000;
    const before = memory();
    let most = 0;
    const digest = createHash('sha256');
    const asked = setInterval(() => { most = Math.max(most, memory()); }, 20);
    const answer = await new Promise((done, failed) => request(`${url}/app/big?bytes=${bytes}`, done).on('error', failed).end());
    assert.equal(answer.headers['content-length'], String(bytes));
    for await (const part of answer) digest.update(part);
    clearInterval(asked);
    const wanted = await (await fetch(`${url}/app/big.sha256?bytes=${bytes}`)).text();
    assert.equal(digest.digest('hex'), wanted);
    assert.ok(most < before + 16e6, `the program grew from ${before} to ${most} bytes`);
});

test('apps: server-sent events pass while the answer is open', async (visit) => {
    const page = await visit.at('open', '/app/');
    const got = await page.evaluate(() => new Promise((done) => {
        const seen = [];
        const source = new EventSource('/app/events');
        source.onmessage = (m) => seen.push(m.data) === 3 && (source.close(), done(seen));
    }));
    assert.deepEqual(got, ['0', '1', '2']);
});

test('apps: one that is killed is a 502 page, and the log page finds its request', async (visit) => {
    visit.expects(/502/);
    const page = await visit.at('open', '/doomed/');
    await page.getByRole('heading', { name: 'The app doomed' }).waitFor();
    process.kill(apps.doomed, 'SIGKILL');
    const answer = await until(async () => {
        const next = await page.goto(`${url}/doomed/`);
        return next.status() === 502 && next;
    }, 5, 'a 502');
    const id = answer.headers()['x-request-id'];
    assert.ok(id, 'the answer has an X-Request-Id');
    await page.getByText(id).first().waitFor();
    await page.getByText(/cannot be reached|broke the call off/).first().waitFor();
    await page.goto(`${url}/_/logs?request=${id}`);
    await page.getByRole('log').getByRole('listitem').filter({ hasText: /did not answer|cannot be reached|broke/ }).first().waitFor();
});
