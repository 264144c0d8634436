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
for (const { name, body } of tests.filter((t) => t.name.toLowerCase().includes(settings.part.toLowerCase()))) {
    const began = performance.now();
    const result = await one(name, body);
    console.log(JSON.stringify({ test: name, ms: Math.round(performance.now() - began), ...result }));
}
await browser.close();

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
