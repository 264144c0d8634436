// SPDX-License-Identifier: Apache-2.0
// Without a mouse.
import assert from 'node:assert/strict';
import { test } from './tests.mjs';

const focused = (page) => page.evaluate(() => `${document.activeElement.tagName} ${document.activeElement.textContent.trim() || document.activeElement.getAttribute('aria-label') || ''}`);

test('keys: from the first Tab to a service and back, without a mouse', async (visit) => {
    const page = await visit.at('open', '/services');
    await page.getByRole('link', { name: 'go.micro.srv.greeter' }).waitFor();
    assert.match(await focused(page), /^H1 /, 'a page begins at its heading');
    for (let i = 0; i < 40 && !/To the content/.test(await focused(page)); i++) await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter'); // the first stop of all leads past the navigation
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');

    await page.keyboard.press('/');
    await page.keyboard.type('greeter');
    await page.waitForURL(/q=greeter/);
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.search.includes('q='));
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    const row = await focused(page);
    assert.match(row, /^A go\.micro\./);
    await page.keyboard.press('j');
    assert.notEqual(await focused(page), row);
    await page.keyboard.press('k');
    assert.equal(await focused(page), row);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/service\//);
    await page.getByRole('heading', { level: 1 }).waitFor();
});

test('keys: g and a letter go to a page, Ctrl K to any, ? tells which keys there are', async (visit) => {
    const page = await visit.at('open', '/services');
    await page.getByRole('heading', { level: 1, name: 'Services' }).waitFor();
    for (const [letter, path] of [['m', '/_/modules'], ['l', '/_/logs'], ['t', '/_/traffic'], ['f', '/_/config'], ['s', '/services']]) {
        await page.keyboard.press('g');
        await page.keyboard.press(letter);
        await page.waitForURL((url) => url.pathname === path);
        await page.getByRole('heading', { level: 1 }).waitFor();
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('greeter');
    await page.keyboard.press('Enter');
    await page.waitForURL(/greeter/);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('keys: what has the focus can be seen', async (visit) => {
    const page = await visit.at('open', '/services');
    await page.getByRole('link', { name: 'go.micro.srv.greeter' }).waitFor();
    for (let i = 0; i < 12; i++) {
        await page.keyboard.press('Tab');
        const seen = await page.evaluate(() => {
            const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
            return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none' || document.activeElement === document.body;
        });
        assert.ok(seen, `nothing shows that ${await focused(page)} has the focus`);
    }
});
