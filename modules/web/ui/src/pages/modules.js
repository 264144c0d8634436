// SPDX-License-Identifier: Apache-2.0
import { keyOf, loadModules, useModules } from '../data/modules.js';
import { bytes, count, percent, plural, rate } from '../format.js';
import { html } from '../html.js';
import { matcher } from '../logic/filter.js';
import { modulePath, setQuery } from '../router.js';
import { Badge, Filter, Page, Trouble, Waiting } from '../widgets/parts.js';
import { sorted, Table } from '../widgets/virtual.js';
import { Actions } from '../widgets/module_actions.js';

export const abiOf = (m) => (m.manifest?.abi ? Object.entries(m.manifest.abi).map(([k, v]) => (k === 'epoch' ? String(v) : `${k} ${v}`)).join(', ') : '–');

const columns = [
    { key: 'id', title: 'Module', cls: 'grow', value: (m) => m.id, cell: (m) => html`<a class="name" data-row href=${modulePath(m.id)} title=${m.summary}>${m.id}</a>` },
    { key: 'version', title: 'Version', cls: 'mono', value: (m) => m.version },
    { key: 'generation', title: 'Gen', cls: 'num', down: true, value: (m) => m.generation },
    { key: 'state', title: 'State', value: (m) => m.state, cell: (m) => html`<span title=${m.detail}><${Badge} state=${m.state} /></span>` },
    { key: 'abi', title: 'ABI', cls: 'num', value: abiOf },
    { key: 'rate', title: 'Calls/s', cls: 'num', down: true, value: (m) => m.rate, cell: (m) => rate(m.rate) },
    { key: 'load', title: 'CPU', cls: 'num', down: true, value: (m) => m.load, cell: (m) => (m.load === null ? '–' : percent(m.load, 1)) },
    { key: 'longest', title: 'Longest', cls: 'num', down: true, value: (m) => m.longest_us, cell: (m) => microseconds(m.longest_us) },
    { key: 'errors', title: 'Errors', cls: 'num', down: true, value: (m) => m.errors, cell: (m) => (m.errors ? html`<span class="bad-text">${count(m.errors)}</span>` : html`<span class="dim">0</span>`) },
    { key: 'requests', title: 'In flight', cls: 'num', down: true, value: (m) => m.requests, cell: (m) => count(m.requests) },
    { key: 'bytes', title: 'Memory', cls: 'num', down: true, value: (m) => m.bytes, cell: (m) => bytes(m.bytes) },
    { key: 'actions', title: '', sort: false, cls: 'num', value: () => '', cell: (m) => html`<${Actions} module=${m} small />` },
];

export const microseconds = (us) => (us >= 1e6 ? `${(us / 1e6).toFixed(2)} s` : us >= 1000 ? `${(us / 1000).toFixed(us >= 1e5 ? 0 : 1)} ms` : `${count(us)} µs`);

export function Modules({ query }) {
    const { state, problem, rows } = useModules();
    const q = query.get('q') ?? '';
    const sort = query.get('sort') ?? 'id';
    const shown = sorted(rows.filter(matcher(q, (m) => `${m.id} ${m.summary} ${m.path}`, { state: (m) => [m.state] })), columns, sort);
    const broken = rows.filter((m) => m.state === 'failed' || m.state === 'quarantined');
    return html`<${Page} title="Modules" tools=${html`<${Filter} value=${q} label="Filter modules" placeholder="Id, state:failed" />`}>
        ${state === 'failed' && html`<${Trouble} problem=${problem} again=${loadModules} />`}
        ${state === 'loading' && html`<${Waiting} what="Asking what is loaded …" />`}
        ${state === 'ok' && html`${broken.map((m) => html`<div class="trouble" key=${keyOf(m)}><strong><a href=${modulePath(m.id)}>${m.id}</a> ${m.state}</strong><span>${m.detail}</span></div>`)}
            <p class="summary">${plural(new Set(rows.map((m) => m.id)).size, 'module')}${rows.some((m) => m.state === 'draining') ? ', older generations are draining' : ''}</p>
            <${Table} caption="Modules" columns=${columns} rows=${shown} keyOf=${keyOf} sort=${sort} onSort=${(s) => setQuery({ sort: s === 'id' ? '' : s })} empty=${q ? `No module fits “${q}”.` : 'No module is loaded.'} />`}
    </${Page}>`;
}
