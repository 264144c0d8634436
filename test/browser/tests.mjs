// SPDX-License-Identifier: Apache-2.0
// What the files of tests share with the runner.
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const settings = JSON.parse(readFileSync(process.argv[2]));
export const worlds = settings.worlds;
export const tests = [];

/// alone: the others would notice it.
export function test(name, body, { alone = false } = {}) {
    tests.push({ name, body, alone });
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

/// Writes the file of a node, as a service does that starts. Returns its path.
export async function register(world, name, { address = '127.0.0.1:9', endpoints = ['Say.Hello'] } = {}) {
    const path = join(worlds[world].registry, `${name}-1.json`);
    await writeFile(`${path}.tmp`, JSON.stringify({
        format: 1, name, version: '1.0.0', metadata: null, ttl_s: 60, owner_pid: worlds[world].owner,
        endpoints: endpoints.map((e) => ({ name: e, request: null, response: null, metadata: null })),
        nodes: [{ id: `${name}-1`, address, metadata: { protocol: 'mucp' } }],
    }));
    await rename(`${path}.tmp`, path);
    return path;
}
