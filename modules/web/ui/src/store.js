// SPDX-License-Identifier: Apache-2.0
// A value that pages watch.
import { useEffect, useState } from 'preact/hooks';

export function store(value) {
    const watchers = new Set();
    return {
        get: () => value,
        set(next) {
            if (Object.is(next, value)) return;
            value = next;
            for (const fn of [...watchers]) fn(value);
        },
        watch(fn) {
            watchers.add(fn);
            return () => watchers.delete(fn);
        },
    };
}

export function useStore(of) {
    const [value, set] = useState(of.get());
    useEffect(() => {
        set(of.get());
        return of.watch((next) => set(next));
    }, [of]);
    return value;
}
