// SPDX-License-Identifier: Apache-2.0
// What passes through the host: two rings, asked for once. The one of seconds is kept up by events, the other is asked for again each ten seconds.
import { useEffect } from 'preact/hooks';
import { ask } from '../api.js';
import { on, useTopics, wants } from '../live.js';
import { appended, fromSnapshot, stepsTo } from '../logic/lines.js';
import { store, useStore } from '../store.js';

export const lengths = { seconds: 300, tens: 360 };

const empty = { state: 'loading', ring: null };
const rings = { seconds: store(empty), tens: store(empty) };
const loading = {};

export function loadTraffic(which) {
    loading[which] ??= ask(`/_/api/traffic?ring=${which}`)
        .then((said) => rings[which].set({ state: 'ok', ring: fromSnapshot(said) }))
        .catch((problem) => {
            if (rings[which].get().state !== 'ok') rings[which].set({ state: 'failed', problem, ring: null });
        })
        .finally(() => (loading[which] = null));
    return loading[which];
}

on('traffic', (event) => {
    const { state, ring } = rings.seconds.get();
    if (state !== 'ok') return;
    if (stepsTo(ring, event.end_ms) > 5) return void loadTraffic('seconds');
    rings.seconds.set({ state, ring: appended(ring, event, lengths.seconds) });
});
on('resync', () => wants('traffic') && loadTraffic('seconds'));
on('restart', () => wants('traffic') && loadTraffic('seconds'));

export function useTraffic(which) {
    useTopics('traffic');
    useEffect(() => {
        loadTraffic(which);
        if (which !== 'tens') return undefined;
        const timer = setInterval(() => document.visibilityState === 'visible' && loadTraffic('tens'), 10_000);
        return () => clearInterval(timer);
    }, [which]);
    return useStore(rings[which]);
}
