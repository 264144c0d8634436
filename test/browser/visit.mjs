// SPDX-License-Identifier: Apache-2.0
// A browser that is watched: what its pages say on the console, which policy they break, whom they ask.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settings, worlds } from './tests.mjs';

const require = createRequire(join(process.env.NODE_PATH, 'here.js'));
const { chromium } = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'); // evaluated from outside: the policy allows no script of others
const PATIENCE = 10_000 * settings.slow; // of a slow machine; what must be quick is measured

export function launch() {
    const args = ['--no-proxy-server', '--disable-gpu', '--force-color-profile=srgb', '--font-render-hinting=none'];
    if (process.getuid() === 0) args.push('--no-sandbox'); // root may not have one
    return chromium.launch({ executablePath: settings.chromium, args });
}

// In every page before its own scripts: Chromium reports a broken policy on the console, but not always which.
const watchPolicy = () => addEventListener('securitypolicyviolation', (e) => {
    console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber} ${e.sample}`);
});

export class Visit {
    constructor(browser, name) {
        this.browser = browser;
        this.name = name;
        this.contexts = [];
        this.problems = [];
        this.expected = [];
        this.requests = [];
    }

    /// Another browser, as far as cookies and storage go. Options: playwright's of newContext.
    async context(options = {}) {
        const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...options });
        context.setDefaultTimeout(PATIENCE);
        await context.addInitScript(watchPolicy);
        context.on('console', (m) => m.type() === 'error' && this.problems.push(`console: ${m.text()} (${m.location().url})`));
        context.on('weberror', (e) => this.problems.push(`uncaught: ${e.error().stack}`));
        context.on('request', (r) => this.requests.push(r.url()));
        this.contexts.push(context);
        return context;
    }

    /// A page of the world: at("open", "/services").
    async at(world, path = '/', options = {}) {
        const context = options.context ?? (await this.context({ baseURL: worlds[world].url, ...options }));
        const page = await context.newPage();
        await page.goto(worlds[world].url + path);
        return page;
    }

    /// The test provokes this on the console.
    expects(pattern) {
        this.expected.push(pattern);
    }

    mustBeClean() {
        const surprising = this.problems.filter((p) => !this.expected.some((e) => e.test(p)));
        if (surprising.length) throw new Error(`the console of the page has errors:\n${surprising.join('\n')}`);
        const ours = new Set(Object.values(worlds).flatMap((w) => Object.values(w.listeners)).map((u) => new URL(u).origin));
        const foreign = this.requests.filter((u) => /^(https?|wss?):/.test(u) && !ours.has(new URL(u.replace(/^ws/, 'http')).origin));
        if (foreign.length) throw new Error(`asked for other places:\n${foreign.join('\n')}`);
    }

    /// What the pages showed when the test failed.
    async seen() {
        const pages = this.contexts.flatMap((c) => c.pages());
        const parts = [`console: ${this.problems.join('\n') || 'silent'}`];
        for (const [index, page] of pages.entries()) {
            const file = join(settings.failures, `${this.name.replace(/\W+/g, '-')}-${index}.png`);
            await page.screenshot({ path: file, timeout: 3000 }).catch(() => {});
            const tree = await page.locator('body').ariaSnapshot({ timeout: 2000 }).catch(String);
            parts.push(`${page.url()} (${file})\n${tree.slice(0, 1500)}`);
        }
        return parts.join('\n');
    }

    async end() {
        for (const context of this.contexts) await context.close().catch(() => {});
    }
}

/// The violations that axe-core calls serious or critical, a line each.
export async function axe(page) {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
    return violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) =>
        `${v.id}: ${v.help}: ${v.nodes.slice(0, 5).map((n) => `${n.target.join(' ')} (${n.any[0]?.message ?? n.html.slice(0, 120)})`).join('; ')}`);
}
