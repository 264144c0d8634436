// SPDX-License-Identifier: Apache-2.0
// The last calls that were made in this browser.
import { withoutSecrets } from '../logic/snippets.js';
import { store } from '../store.js';

const place = 'microhost.calls';
const most = 100;
const longest = 16 * 1024;
const mostAnswers = 20;

/// By the time of the call. In memory only: web services of the same origin can read the browser's storage.
const answers = new Map();

export const answerOf = (at) => answers.get(at);

function keepAnswer(at, text) {
    answers.set(at, text);
    if (answers.size > mostAnswers) answers.delete(answers.keys().next().value);
}

function read() {
    try {
        const kept = JSON.parse(localStorage.getItem(place) ?? '[]');
        return Array.isArray(kept) ? kept.filter((c) => typeof c?.service === 'string' && typeof c?.endpoint === 'string') : [];
    } catch {
        return [];
    }
}

export const history = store(read());

function write(calls) {
    history.set(calls);
    try {
        localStorage.setItem(place, JSON.stringify(calls));
    } catch {
        // full or blocked: they are there until the tab is closed
    }
}

/// Adds a call and how it went: {status, ms}, and what was answered. The same call stands there once, unless answers of it can be compared.
export function remember(call, outcome, answer) {
    const kept = withoutSecrets({ ...call, ...outcome, at: Date.now() });
    keepAnswer(kept.at, answer);
    if (kept.body.length > longest) kept.body = '';
    const same = (c) => c.service === kept.service && c.endpoint === kept.endpoint && c.body === kept.body && c.address === kept.address && !answers.has(c.at);
    write([kept, ...read().filter((c) => !same(c))].slice(0, most));
}

export function forgetAll() {
    answers.clear();
    write([]);
}

addEventListener('storage', (event) => event.key === place && history.set(read()));
