// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ask } from '../api.js';
import { useServices } from '../data/services.js';
import { plural } from '../format.js';
import { html } from '../html.js';
import { fieldsOf, isStream, rowsOf, skeleton } from '../logic/schema.js';
import { setQuery } from '../router.js';
import { CallForm } from '../widgets/call_form.js';
import { JsonButton } from '../widgets/json_button.js';
import { Badge, Choice, Code, Page, Pairs, Section, Trouble, Waiting } from '../widgets/parts.js';

/// The record of a service, asked for again when the list says that its row changed.
function useService(name) {
    const { rows, state, revision } = useServices();
    const row = rows.find((r) => r.name === name);
    const [said, set] = useState({ state: 'loading' });
    const [turn, again] = useState(0);
    const mark = state === 'ok' ? JSON.stringify(row ?? null) + (row ? '' : revision) : '';
    useEffect(() => {
        const aborter = new AbortController();
        ask(`/_/api/services/${encodeURIComponent(name)}`, { signal: aborter.signal })
            .then((record) => set({ state: 'ok', record }))
            .catch((problem) => {
                if (problem.name === 'AbortError') return;
                set((now) => (problem.status === 404 && now.record ? { state: 'gone', record: now.record } : { state: 'failed', problem }));
            });
        return () => aborter.abort();
    }, [name, mark, turn]);
    return { ...said, again: () => again((n) => n + 1) };
}

function Nodes({ nodes }) {
    if (!nodes.length) return html`<div class="empty">No node of this version is alive.</div>`;
    const ttl = nodes.some((n) => n.metadata?.ttl);
    return html`<div class="scroll-x" tabindex="0" role="region" aria-label="Table"><table class="data"><caption class="sr">Nodes</caption>
        <thead><tr><th scope="col">Node</th>${ttl && html`<th scope="col" class="num">TTL</th>`}<th scope="col">Metadata</th></tr></thead>
        <tbody>${nodes.map((n) => html`<tr key=${n.id}><td class="mono wrap">${n.address || html`<span class="dim">in this process</span>`}<span class="node-id">${n.id}</span></td>${ttl && html`<td class="num">${n.metadata?.ttl ?? '–'}</td>`}<td class="wrap"><${Pairs} of=${withoutTtl(n.metadata)} /></td></tr>`)}</tbody>
    </table></div>`;
}

const withoutTtl = (metadata) => Object.fromEntries(Object.entries(metadata ?? {}).filter(([key]) => key !== 'ttl'));

function Tree({ title, value }) {
    const rows = value ? rowsOf(value) : [];
    const [kind, choose] = useState('types');
    return html`<div class="schema">
        <div class="section-head"><h3>${title}</h3>${value?.type && html`<code class="dim">${value.type}</code>`}
            ${rows.length > 0 && html`<div class="tools"><${Choice} label=${`${title} as`} options=${[['types', 'Types'], ['example', 'Example']]} value=${kind} onChange=${choose} /></div>`}</div>
        ${!value && html`<p class="dim">not described</p>`}
        ${value && !rows.length && html`<p class="dim">no fields</p>`}
        ${rows.length > 0 && kind === 'types' && html`<ul class="tree">${rows.map((r, i) => html`<li key=${i} data-depth=${Math.min(r.depth, 6)}><code>${r.name}</code><span class="type" data-kind=${r.kind}>${r.type}</span></li>`)}</ul>`}
        ${rows.length > 0 && kind === 'example' && html`<${Code} text=${JSON.stringify(skeleton(value), null, 2)} label=${`Example of the ${title.toLowerCase()}`} />`}
    </div>`;
}

const signature = (e) => `${e.request ? plural(fieldsOf(e.request).length, 'field') : ''}`;

function Endpoint({ endpoint, chosen, onCall }) {
    const { stream, ...metadata } = endpoint.metadata ?? {};
    return html`<div class="endpoint-row"><details class="endpoint" open=${chosen}>
        <summary><code>${endpoint.name}</code>${isStream(endpoint) && html`<span class="tag">stream</span>`}<span class="dim">${signature(endpoint)}</span></summary>
        <div class="endpoint-body">${Object.keys(metadata).length > 0 && html`<p><${Pairs} of=${metadata} /></p>`}
            <div class="schemas"><${Tree} title="Request" value=${endpoint.request} /><${Tree} title="Response" value=${endpoint.response} /></div></div>
    </details><button class="small" onClick=${() => onCall(endpoint.name)}>Call</button></div>`;
}

export function Service({ params, query }) {
    const { state, record, problem, again } = useService(params.name);
    const versions = record?.versions ?? [];
    const version = versions.find((v) => v.version === query.get('version')) ?? versions[0];
    const endpoints = useMemo(() => version?.endpoints ?? [], [version]);
    const nodes = useMemo(() => versions.flatMap((v) => v.nodes ?? []), [record]);
    const wanted = query.get('endpoint');
    const call = (endpoint) => {
        setQuery({ endpoint });
        const body = document.getElementById('json-body');
        body?.scrollIntoView({ block: 'center' });
        body?.focus();
    };
    const tools = record && html`<${Badge} state=${state === 'gone' ? 'gone' : record.state} /><a class="button" href=${`/_/traffic?kind=service&name=${encodeURIComponent(params.name)}`}>Traffic</a><${JsonButton} path=${`/_/api/services/${encodeURIComponent(params.name)}`} />`;
    return html`<${Page} title=${params.name} crumb=${['Services', '/services']} tools=${tools}>
        ${state === 'loading' && html`<${Waiting} what="Asking the registry …" />`}
        ${state === 'failed' && html`<${Trouble} problem=${problem} again=${again} />${problem.status === 404 && html`<p>It may have stopped. <a href="/services">All services</a></p>`}`}
        ${state === 'gone' && html`<div class="trouble" role="alert"><strong>It is not registered any more.</strong> What it said last is below.</div>`}
        ${version && html`<div class="columns"><div>
            ${versions.length > 1 && html`<div class="versions"><${Choice} label="Version" options=${versions.map((v) => [v.version, v.version || 'no version'])} value=${version.version} onChange=${(v) => setQuery({ version: v === versions[0].version ? '' : v })} /></div>`}
            <${Section} title="Nodes" note=${`${plural((version.nodes ?? []).length, 'node')} of version ${version.version || '–'}`}>
                ${Object.keys(version.metadata ?? {}).length > 0 && html`<p class="summary"><${Pairs} of=${version.metadata} /></p>`}
                <${Nodes} nodes=${version.nodes ?? []} />
            </${Section}>
            <${Section} title="Endpoints" note=${plural(endpoints.length, 'endpoint')}>
                ${endpoints.length ? html`<div class="panel endpoints">${endpoints.map((e) => html`<${Endpoint} key=${e.name} endpoint=${e} chosen=${e.name === wanted} onCall=${call} />`)}</div>` : html`<div class="empty">It describes no endpoints; those that it has can be called all the same.</div>`}
            </${Section}>
        </div>
        <aside aria-label="Call"><${Section} title="Call"><div class="panel pad"><${CallForm} service=${params.name} endpoints=${endpoints} nodes=${nodes} wanted=${wanted} onEndpoint=${(e) => setQuery({ endpoint: e })} /></div></${Section}></aside></div>`}
    </${Page}>`;
}
