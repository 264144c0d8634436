// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';

/// What fn(signal) gives, asked for again when `deps` change: {state: 'loading' | 'ok' | 'failed', value, problem}.
export function useAsked(fn, deps) {
    const [said, set] = useState({ state: 'loading' });
    useEffect(() => {
        const aborter = new AbortController();
        fn(aborter.signal).then(
            (value) => set({ state: 'ok', value }),
            (problem) => problem.name !== 'AbortError' && set({ state: 'failed', problem }),
        );
        return () => aborter.abort();
    }, deps);
    return said;
}
