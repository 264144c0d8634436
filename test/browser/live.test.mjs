// SPDX-License-Identifier: Apache-2.0
// What a page shows without being asked again.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { register, settings, test, until } from './tests.mjs';

const ROW = (page, name) => page.getByRole('row').filter({ hasText: name });

test('live: a service appears within a second of its file, and is gone with it', async (visit) => {
    const page = await visit.at('open', '/services');
    await ROW(page, 'go.micro.srv.greeter').waitFor();
    const path = await register('open', 'go.micro.srv.newcomer');
    const began = performance.now();
    await ROW(page, 'go.micro.srv.newcomer').waitFor();
    const took = performance.now() - began;
    assert.ok(took < 1000 * settings.slow, `it took ${Math.round(took)} ms`);
    await rm(path);
    await until(async () => {
        const rows = await ROW(page, 'go.micro.srv.newcomer').allInnerTexts();
        return rows.every((text) => /gone/.test(text));
    }, 5, 'the end of the service');
});

test('live: a service that changes is shown as it is now, on its own page too', async (visit) => {
    const path = await register('open', 'go.micro.srv.changing', { address: '127.0.0.1:1001' });
    const page = await visit.at('open', '/service/go.micro.srv.changing');
    await page.getByText('127.0.0.1:1001').first().waitFor();
    await register('open', 'go.micro.srv.changing', { address: '127.0.0.1:1002' });
    await page.getByText('127.0.0.1:1002').first().waitFor();
    await rm(path);
});

test('live: the stream of events comes back after the module is reloaded that serves it', async (visit) => {
    visit.expects(/ERR_|Failed to load resource|EventSource/); // what the reload breaks off
    const page = await visit.at('open', '/services');
    await page.getByText('Live', { exact: true }).waitFor();
    const answer = await fetch(`${new URL(page.url()).origin}/_/commands/modules/reload`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"args":{"id":"web"}}',
    });
    assert.equal(answer.status, 200, await answer.text());
    const path = await register('open', 'go.micro.srv.after');
    await ROW(page, 'go.micro.srv.after').waitFor({ timeout: 8000 * settings.slow });
    await page.getByText('Live', { exact: true }).waitFor();
    await rm(path);
}, { alone: true });

test('live: two tabs share one stream', async (visit) => {
    const first = await visit.at('open', '/services');
    await ROW(first, 'go.micro.srv.greeter').waitFor();
    const second = await visit.at('open', '/services', { context: first.context() });
    await ROW(second, 'go.micro.srv.greeter').waitFor();
    const path = await register('open', 'go.micro.srv.shared');
    await ROW(second, 'go.micro.srv.shared').waitFor();
    await rm(path);
    const streams = visit.requests.filter((u) => u.includes('/_/events'));
    const distinct = new Set(streams.map((u) => new URL(u).search));
    assert.ok(streams.length <= 4, `${streams.length} streams were opened: ${[...distinct].join(' ')}`);
});
