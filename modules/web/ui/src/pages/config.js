// SPDX-License-Identifier: Apache-2.0
// All of the host's configuration that is in force.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ask } from '../api.js';
import { keyOf, useModules } from '../data/modules.js';
import { plural } from '../format.js';
import { html } from '../html.js';
import { fields, groupsOf, kinds, textOf } from '../logic/config.js';
import { matcher } from '../logic/filter.js';
import { modulePath, setQuery } from '../router.js';
import { ConfigTable } from '../widgets/config_table.js';
import { JsonButton } from '../widgets/json_button.js';
import { Choice, Filter, Page, Section, Trouble, Waiting } from '../widgets/parts.js';

const which = [['', 'All'], ['set', 'Set']];

/// Asked for when modules come or go, and each ten seconds: a file that is read again has no event of its own.
function useConfig() {
    const generations = useModules().rows.map(keyOf).join();
    const [said, set] = useState({ state: 'loading' });
    const load = () => ask('/_/api/config').then(({ values }) => set({ state: 'ok', values }), (problem) => set((now) => (now.state === 'ok' ? now : { state: 'failed', problem })));
    useEffect(() => void load(), [generations]);
    useEffect(() => {
        const timer = setInterval(() => document.visibilityState === 'visible' && load(), 10_000);
        return () => clearInterval(timer);
    }, []);
    return { ...said, load };
}

const words = { file: 'in a file', environment: 'by the environment', flag: 'by flags' };

function Summary({ values, shown }) {
    const by = Object.entries(words)
        .map(([origin, text]) => [values.filter((v) => v.origin === origin).length, text, origin])
        .filter(([n]) => n);
    return html`<p class="summary" aria-live="polite">${shown.length === values.length ? plural(values.length, 'value') : `${shown.length} of ${plural(values.length, 'value')}`}${by.map(([n, text, origin]) => html`, <a key=${origin} href=${`/_/config?q=origin:${origin}`}>${n} ${text}</a>`)}. Secrets are not shown. Live ones change when the file is read again (SIGHUP).</p>`;
}

const titleOf = ({ kind, name }) => (kind === 'modules' && name ? html`<a href=${modulePath(name)}>${name}</a>` : name);

function Kind({ kind, title, groups }) {
    const own = groups.filter((g) => g.kind === kind);
    if (!own.length) return null;
    return html`<${Section} title=${title} note=${plural(own.reduce((n, g) => n + g.values.length, 0), 'value')}>
        <${ConfigTable} caption=${title} groups=${own.map((g) => ({ title: titleOf(g), values: g.values }))} />
    </${Section}>`;
}

export function Config({ query }) {
    const { state, problem, values, load } = useConfig();
    const q = query.get('q') ?? '';
    const only = query.get('only') ?? '';
    const shown = useMemo(() => (values ?? []).filter((v) => (!only || v.origin !== 'default') && matcher(q, textOf, fields)(v)), [values, q, only]);
    const groups = useMemo(() => groupsOf(shown), [shown]);
    const tools = html`<${Filter} value=${q} label="Filter the configuration" placeholder="Option, value, origin:flag, live:no" /><${Choice} label="Which" options=${which} value=${only} onChange=${(o) => setQuery({ only: o })} /><${JsonButton} path="/_/api/config" />`;
    return html`<${Page} title="Configuration" tools=${tools}>
        ${state === 'failed' && html`<${Trouble} problem=${problem} again=${load} />`}
        ${state === 'loading' && html`<${Waiting} what="Reading the configuration …" />`}
        ${state === 'ok' && html`<${Summary} values=${values} shown=${shown} />
            ${shown.length ? kinds.map(([kind, title]) => html`<${Kind} key=${kind} kind=${kind} title=${title} groups=${groups} />`) : html`<div class="empty"><p>No value fits.</p><button onClick=${() => setQuery({ q: '', only: '' })}>Show all</button></div>`}`}
    </${Page}>`;
}
