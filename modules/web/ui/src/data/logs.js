// SPDX-License-Identifier: Apache-2.0
// The last lines of the log: what the server still has, then what comes.
import { useEffect } from 'preact/hooks';
import { ask } from '../api.js';
import { on, useTopics, wants } from '../live.js';
import { Ring } from '../logic/ring.js';
import { store, useStore } from '../store.js';

const most = 10_000;
const perAsk = 500;

const ring = new Ring(most);

/// {state: 'loading' | 'ok' | 'failed', problem, turn, lost}: `turn` grows with each change; lines() has them.
export const logs = store({ state: 'loading', turn: 0, lost: 0 });

export const lines = (fits) => ring.filter(fits);
export const lastSeq = () => ring.last;

let loading = null;

function changed(more = {}) {
    logs.set({ ...logs.get(), ...more, turn: logs.get().turn + 1 });
}

/// What the server has after what is known. It may be more than one answer takes; `most` of them count.
async function catchUp() {
    for (let i = 0; i < most / perAsk; ++i) {
        const said = await ask(`/_/api/logs?after=${ring.last}&most=${ring.last ? perAsk : 1000}`);
        const came = ring.push(said.lines);
        if (came) changed({ state: 'ok' });
        if (!came || ring.last >= said.last) break;
    }
    changed({ state: 'ok', problem: null });
}

export function loadLogs() {
    loading ??= catchUp()
        .catch((problem) => {
            if (logs.get().state !== 'ok') changed({ state: 'failed', problem });
        })
        .finally(() => (loading = null));
    return loading;
}

on('logs', (event) => {
    if (logs.get().state !== 'ok') return;
    const came = ring.push(event.lines ?? []);
    if (came || event.lost) changed({ lost: logs.get().lost + (event.lost ?? 0) });
});
on('hello', () => wants('logs') && loadLogs());
on('resync', () => wants('logs') && loadLogs());
on('restart', () => {
    ring.clear(); // numbers begin anew
    if (wants('logs')) loadLogs();
});

export function useLogs() {
    useTopics('logs');
    useEffect(() => void loadLogs(), []);
    return useStore(logs);
}
