// SPDX-License-Identifier: Apache-2.0
// Pages that modules bring along: "pages" of their manifests.
import { useEffect } from 'preact/hooks';
import { ask } from '../api.js';
import { on } from '../live.js';
import { store, useStore } from '../store.js';

/// null until they are known.
const pages = store(null);
let generations = '';

const pagesOf = (m) => (m.manifest?.pages ?? []).map((page, i) => ({ ...page, module: m.id, href: `/_/pages/${encodeURIComponent(m.id)}/${i}` }));

async function load() {
    const { modules } = await ask('/_/api/modules');
    pages.set(modules.filter((m) => m.state === 'running').flatMap(pagesOf));
}

on('modules', (data) => {
    const now = data.modules.map((m) => `${m.id} ${m.generation} ${m.state}`).join();
    if (now === generations) return;
    generations = now;
    if (pages.get()) load().catch(() => {}); // asked again with the next change
});

export function usePages() {
    const now = useStore(pages);
    useEffect(() => {
        if (!now) load().catch((problem) => console.warn(problem.message));
    }, []);
    return now;
}
