// SPDX-License-Identifier: Apache-2.0
// Runs the *.test.mjs beside it in one Chromium, a context of its own for each test, and prints a line of JSON for each.
// usage: run.mjs SETTINGS.json (browser.py writes it)
import { readdir, mkdir } from 'node:fs/promises';
import { tests, settings } from './tests.mjs';
import { launch, Visit } from './visit.mjs';

const SECONDS = 30 * settings.slow;

for (const file of (await readdir(new URL('.', import.meta.url))).sort()) {
    if (file.endsWith('.test.mjs')) await import(new URL(file, import.meta.url));
}

const browser = await launch();
await mkdir(settings.failures, { recursive: true });
const wanted = tests.filter((t) => t.name.toLowerCase().includes(settings.part.toLowerCase()));
const together = wanted.filter((t) => !t.alone);
await Promise.all([lane(together), lane(together)]);
await lane(wanted.filter((t) => t.alone));
await browser.close();

/// One after the other, as long as there are some left.
async function lane(left) {
    for (let next = left.shift(); next; next = left.shift()) {
        const began = performance.now();
        const result = await one(next.name, next.body);
        console.log(JSON.stringify({ test: next.name, ms: Math.round(performance.now() - began), ...result }));
    }
}

async function one(name, body) {
    const visit = new Visit(browser, name);
    let timer;
    const late = new Promise((_, no) => {
        timer = setTimeout(() => no(new Error(`still running after ${SECONDS} s`)), SECONDS * 1000);
    });
    try {
        await Promise.race([body(visit), late]);
        visit.mustBeClean();
        return { ok: true };
    } catch (problem) {
        if (problem.skip) return { ok: true, skip: problem.skip };
        return { ok: false, text: plain(`${problem.stack}\n${await visit.seen().catch(String)}`) };
    } finally {
        clearTimeout(timer);
        await visit.end();
    }
}

/// Without the colors of a terminal.
function plain(text) {
    return text.replace(/\x1b\[\d+m/g, '');
}
