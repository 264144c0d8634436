// SPDX-License-Identifier: Apache-2.0
// The policy of the pages: what a script of the page, or one that got into it, may not do. Evaluated from a timer: what the driver itself evaluates
// is above the policy.
import assert from 'node:assert/strict';
import { test } from './tests.mjs';

const PATHS = ['/', '/services', '/service/go.micro.srv.greeter', '/_/traffic', '/_/modules', '/_/logs', '/_/console', '/_/apps', '/_/about'];

/// What became of it: [result or error, the directives that were broken].
const attempt = (page, source) => page.evaluate((text) => new Promise((done) => {
    const broken = [];
    document.addEventListener('securitypolicyviolation', (e) => broken.push(e.effectiveDirective));
    setTimeout(() => {
        let result;
        try {
            result = attempts[text]();
        } catch (e) {
            result = `${e.name}`;
        }
        setTimeout(() => done([String(window.reached ?? result), broken]), 200);
    });
    const attempts = {
        eval: () => (0, eval)('window.reached = "eval"'),
        inline: () => {
            const script = document.createElement('script');
            script.append('window.reached = "inline"');
            document.head.append(script);
        },
        handler: () => {
            const image = document.createElement('img');
            image.setAttribute('onerror', 'window.reached = "handler"');
            image.src = 'data:,';
            document.body.append(image);
        },
        html: () => { document.body.insertAdjacentHTML('beforeend', '<b id="in">in</b>'); return document.getElementById('in') ? 'html' : 'kept out'; },
        style: () => {
            const style = document.createElement('style');
            style.append('body { --reached: style }');
            document.head.append(style);
            return getComputedStyle(document.body).getPropertyValue('--reached') ? 'style' : 'kept out';
        },
        far: () => { fetch('http://127.0.0.1:1/').catch(() => {}); },
        frame: () => {
            const frame = document.createElement('iframe');
            frame.src = '/services';
            document.body.append(frame);
        },
    };
}), source);

test('policy: a script that got into a page runs nothing and asks nobody', async (visit) => {
    visit.expects(/policy|Refused|violates|Content Security Policy|requires 'Trusted|TrustedHTML|TrustedScript/i);
    const page = await visit.at('open', '/services');
    await page.getByRole('heading', { level: 1 }).waitFor();
    for (const [what, directive] of [
        ['eval', /script|trusted/], ['inline', /script|trusted/], ['handler', /script|trusted/], ['html', /trusted/], ['style', /style/], ['far', /connect/], ['frame', /frame|child|default/],
    ]) {
        const [result, broken] = await attempt(page, what);
        assert.ok(broken.some((b) => directive.test(b)), `${what}: ${result}, broken: ${broken}`);
        assert.ok(!['eval', 'inline', 'handler', 'html', 'style'].includes(result), `${what} was run`);
    }
    visit.requests = visit.requests.filter((u) => u !== 'http://127.0.0.1:1/');
});

test('policy: every page keeps it, says nothing on the console and asks its own origin only', async (visit) => {
    const context = await visit.context();
    for (const path of PATHS) {
        const page = await visit.at('open', path, { context });
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.waitForTimeout(150); // what comes late: charts, streams
        visit.mustBeClean();
        await page.close();
    }
});

test('policy: the headers are those of a tool that is left on', async (visit) => {
    const page = await visit.at('open', '/services');
    const { headers } = await page.request.get(page.url(), { headers: { Accept: 'text/html' } }).then((r) => ({ headers: r.headers() }));
    const policy = headers['content-security-policy'];
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"]) {
        assert.ok(policy.includes(part), `${part} is missing: ${policy}`);
    }
    assert.ok(!/unsafe/.test(policy), policy);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
});
