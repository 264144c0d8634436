// SPDX-License-Identifier: Apache-2.0
// What the files of tests share with the runner.
import { readFileSync } from 'node:fs';

export const settings = JSON.parse(readFileSync(process.argv[2]));
export const worlds = settings.worlds;
export const tests = [];

export function test(name, body) {
    tests.push({ name, body });
}

/// Polls until `condition` gives something true, which is returned.
export async function until(condition, seconds = 5, what = 'the condition') {
    const deadline = performance.now() + seconds * 1000 * settings.slow;
    for (;;) {
        const found = await condition();
        if (found) return found;
        if (performance.now() > deadline) throw new Error(`${what} did not come within ${seconds * settings.slow} s`);
        await new Promise((done) => setTimeout(done, 20));
    }
}

export function skip(reason) {
    throw Object.assign(new Error(reason), { skip: reason });
}
