// SPDX-License-Identifier: Apache-2.0
// The last calls that were made in this browser.
import { withoutSecrets } from '../logic/snippets.js';
import { store } from '../store.js';

const place = 'microhost.calls';
const most = 100;
const longest = 16 * 1024;

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

/// Adds a call and how it went: {status, ms}.
export function remember(call, outcome) {
    const kept = withoutSecrets({ ...call, ...outcome, at: Date.now() });
    if (kept.body.length > longest) kept.body = '';
    const same = (c) => c.service === kept.service && c.endpoint === kept.endpoint && c.body === kept.body && c.address === kept.address;
    write([kept, ...read().filter((c) => !same(c))].slice(0, most));
}

export const forgetAll = () => write([]);

addEventListener('storage', (event) => event.key === place && history.set(read()));
