// SPDX-License-Identifier: Apache-2.0
// axe-core finds nothing serious on any page, in the light and in the dark.
import assert from 'node:assert/strict';
import { test } from './tests.mjs';
import { axe } from './visit.mjs';

const PATHS = ['/', '/services', '/service/go.micro.srv.greeter', '/client', '/_/traffic', '/_/modules', '/_/modules/limit', '/_/config', '/_/logs', '/_/console', '/_/apps', '/_/about'];

for (const colorScheme of ['light', 'dark']) {
    for (const path of PATHS) {
        test(`axe: ${path} in the ${colorScheme}`, async (visit) => {
            const page = await visit.at('open', path, { colorScheme });
            await page.getByRole('heading', { level: 1 }).waitFor();
            await page.waitForTimeout(100);
            assert.deepEqual(await axe(page), []);
        });
    }
}
