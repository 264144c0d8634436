// SPDX-License-Identifier: Apache-2.0
// The list of services and the page of one.
import assert from 'node:assert/strict';
import { settings, test, until, worlds } from './tests.mjs';

const FILTER = { name: 'Filter services' };

test('services: the filter is in the address, a link with it leads back, and so does Back', async (visit) => {
    const page = await visit.at('open', '/services');
    await page.getByRole('searchbox', FILTER).fill('greeter');
    await page.waitForURL(/\/services\?q=greeter$/);
    await until(async () => (await page.getByRole('link', { name: /^go\.micro\./ }).count()) === 1, 3, 'one row');
    await page.getByRole('link', { name: 'go.micro.srv.greeter' }).click();
    await page.waitForURL(/\/service\/go\.micro\.srv\.greeter/);
    await page.getByRole('heading', { level: 1, name: /go\.micro\.srv\.greeter/ }).waitFor();
    await page.goBack();
    await page.waitForURL(/\/services\?q=greeter$/);
    assert.equal(await page.getByRole('searchbox', FILTER).inputValue(), 'greeter');

    const other = await visit.at('open', '/services?q=greeter', { context: page.context() });
    await other.getByRole('link', { name: 'go.micro.srv.greeter' }).waitFor();
    assert.equal(await other.getByRole('link', { name: /^go\.micro\./ }).count(), 1);
    await other.getByRole('searchbox', FILTER).fill('nothing-is-called-so');
    await other.getByText(/No service fits/).waitFor();
});

test('services: the page of one has nodes, metadata, endpoints', async (visit) => {
    const page = await visit.at('open', '/service/go.micro.srv.greeter');
    for (const text of ['Say.Hello', 'Say.Stream', '1.0.0', 'mucp']) await page.getByText(text).first().waitFor();
    assert.match(await page.title(), /go\.micro\.srv\.greeter/);
});

test('services: one that is not there is said to be so', async (visit) => {
    visit.expects(/404/);
    const page = await visit.at('open', '/service/go.micro.srv.nobody');
    await page.getByText(/no service/i).first().waitFor();
});

test('services: a thousand are painted within a second', async (visit) => {
    const context = await visit.context();
    await context.addInitScript(() => {
        const watch = new MutationObserver(() => {
            if (!document.querySelector('a[href^="/service/"]')) return;
            watch.disconnect();
            requestAnimationFrame(() => setTimeout(() => { window.painted = performance.now(); }));
        });
        watch.observe(document, { subtree: true, childList: true });
    });
    const page = await visit.at('crowd', '/services', { context });
    const took = await until(() => page.evaluate(() => window.painted), 10, 'the rows');
    await page.getByText(/1[, ]?000 services/).first().waitFor();
    assert.ok(took < 1000 * 2 * settings.slow, `it took ${Math.round(took)} ms`); // twice: CI's machine is shared
    await page.getByRole('searchbox', FILTER).fill('crowd-0999');
    await page.getByRole('link', { name: 'go.micro.srv.crowd-0999' }).waitFor();
});

test('services: a narrow screen needs no scrolling sideways', async (visit) => {
    for (const path of ['/services', '/service/go.micro.srv.greeter', '/_/modules', '/_/logs', '/_/traffic', '/']) {
        const page = await visit.at('open', path, { viewport: { width: 360, height: 740 } });
        await page.getByRole('heading', { level: 1 }).waitFor();
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= 360, `${path} is ${wide} px wide`);
        await page.context().close();
    }
});
