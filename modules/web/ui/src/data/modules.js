// SPDX-License-Identifier: Apache-2.0
// What is loaded. Events have no manifests: those are asked for, and again when a generation appears that none is known of.
import { useEffect } from 'preact/hooks';
import { ask } from '../api.js';
import { on, useTopics, wants } from '../live.js';
import { store, useStore } from '../store.js';

/// {state: 'loading' | 'ok' | 'failed', problem, at, rows}; of each row `rate` and `load`: calls a second and share of a processor since the event before.
export const modules = store({ state: 'loading', rows: [], at: 0 });

const manifests = new Map();
let loading = null;
let last = new Map();

export const keyOf = (m) => `${m.id} ${m.generation}`;

function measured(m, at) {
    const key = keyOf(m);
    const before = last.get(key);
    const seconds = before ? (at - before.at) / 1000 : 0;
    if (!before) last.set(key, { at, calls: m.calls, cpu: m.cpu_us, rate: null, load: null });
    else if (seconds > 0.5) {
        const rate = Math.max(0, m.calls - before.calls) / seconds;
        const load = Math.max(0, m.cpu_us - before.cpu) / 1e6 / seconds;
        last.set(key, { at, calls: m.calls, cpu: m.cpu_us, rate, load });
    }
    const { rate, load } = last.get(key);
    return { ...m, rate, load, manifest: manifests.get(key) };
}

function take(rows) {
    const at = Date.now();
    for (const m of rows) if (m.manifest) manifests.set(keyOf(m), m.manifest);
    modules.set({ state: 'ok', at, rows: rows.map((m) => measured(m, at)) });
    const keys = new Set(rows.map(keyOf));
    last = new Map([...last].filter(([key]) => keys.has(key)));
    return rows.some((m) => !manifests.has(keyOf(m)));
}

export function loadModules() {
    loading ??= ask('/_/api/modules')
        .then((said) => {
            for (const m of said.modules) manifests.set(keyOf(m), m.manifest ?? null);
            take(said.modules);
        })
        .catch((problem) => {
            if (modules.get().state !== 'ok') modules.set({ ...modules.get(), state: 'failed', problem });
        })
        .finally(() => (loading = null));
    return loading;
}

on('modules', (event) => take(event.modules) && loadModules());
on('resync', () => wants('modules') && loadModules());
on('restart', () => {
    manifests.clear();
    last.clear();
    if (wants('modules')) loadModules();
});

export function useModules() {
    useTopics('modules');
    useEffect(() => void loadModules(), []);
    return useStore(modules);
}

/// The newest generation of an id that is not on its way out.
export function newest(rows, id) {
    const all = rows.filter((m) => m.id === id).sort((a, b) => b.generation - a.generation);
    return all.find((m) => m.state !== 'draining' && m.state !== 'parked') ?? all[0];
}
