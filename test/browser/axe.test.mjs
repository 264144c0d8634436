// SPDX-License-Identifier: Apache-2.0
// axe-core finds nothing serious on any page, in the light and in the dark.
import assert from 'node:assert/strict';
import { test } from './tests.mjs';
import { axe } from './visit.mjs';

const PATHS = ['/', '/services', '/service/go.micro.srv.greeter', '/client', '/_/traffic', '/_/modules', '/_/modules/limit', '/_/config', '/_/logs', '/_/console', '/_/apps', '/_/about'];

for (const colorScheme of ['light', 'dark']) {
    test(`axe: every page in the ${colorScheme}`, async (visit) => {
        const context = await visit.context({ colorScheme });
        const found = [];
        for (const path of PATHS) {
            const page = await visit.at('open', path, { context });
            await page.getByRole('heading', { level: 1 }).waitFor();
            await page.waitForTimeout(100);
            for (const line of await axe(page)) found.push(`${path}: ${line}`);
            await page.close();
        }
        assert.deepEqual(found, []);
    });
}
