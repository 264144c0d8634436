// SPDX-License-Identifier: Apache-2.0
// The pages that need no script.
import assert from 'node:assert/strict';
import { test } from './tests.mjs';
import { axe } from './visit.mjs';

for (const colorScheme of ['light', 'dark']) {
    for (const path of ['/services?plain', '/service/go.micro.srv.greeter?plain', '/_/modules?plain', '/_/config?plain', '/client?plain', '/terminal?plain']) {
        test(`plain: ${path} in the ${colorScheme} reads without script, and for everybody`, async (visit) => {
            const context = await visit.context({ colorScheme });
            const page = await visit.at('open', path, { context });
            assert.deepEqual(await axe(page), []);
            assert.equal(await page.locator('script').count(), 0);
        });
    }
}
