// SPDX-License-Identifier: Apache-2.0
// The list of services: asked for once, then kept by what the stream says changed.
import { useEffect } from 'preact/hooks';
import { ask } from '../api.js';
import { on, useTopics, wants } from '../live.js';
import { store, useStore } from '../store.js';

/// {state: 'loading' | 'ok' | 'failed', problem, revision, rows}; rows are sorted by name. `changed`: name -> when it last did.
export const services = store({ state: 'loading', revision: -1, rows: [] });

let loading = null;
let waiting = [];

const byName = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

function take(revision, rows) {
    services.set({ state: 'ok', revision, rows: [...rows].sort(byName) });
}

function apply(event) {
    const now = services.get();
    if (event.full) return take(event.revision, event.services ?? event.set ?? []);
    if (now.state !== 'ok') return waiting.push(event);
    if (event.revision <= now.revision) return;
    const rows = new Map(now.rows.map((r) => [r.name, r]));
    for (const row of event.set ?? []) rows.set(row.name, row);
    for (const name of event.gone ?? []) rows.delete(name);
    take(event.revision, rows.values());
}

export function loadServices() {
    loading ??= ask('/_/api/services')
        .then((said) => {
            if (said.revision >= services.get().revision || services.get().state !== 'ok') take(said.revision, said.services);
            const later = waiting;
            waiting = [];
            later.forEach(apply);
        })
        .catch((problem) => {
            if (services.get().state !== 'ok') services.set({ ...services.get(), state: 'failed', problem });
        })
        .finally(() => (loading = null));
    return loading;
}

on('services', apply);
on('resync', () => wants('services') && loadServices());
on('restart', () => {
    services.set({ ...services.get(), revision: -1 });
    if (wants('services')) loadServices();
});

export function useServices() {
    useTopics('services');
    useEffect(() => void loadServices(), []);
    return useStore(services);
}
