// SPDX-License-Identifier: Apache-2.0
import { useMemo } from 'preact/hooks';
import { useServices } from '../data/services.js';
import { plural } from '../format.js';
import { html } from '../html.js';
import { matcher } from '../logic/filter.js';
import { servicePath, setQuery } from '../router.js';
import { Badge, Filter, Page, Trouble, Waiting } from '../widgets/parts.js';
import { sorted, Table } from '../widgets/virtual.js';
import { loadServices } from '../data/services.js';

const columns = [
    { key: 'name', title: 'Service', cls: 'grow', value: (r) => r.name, cell: (r) => html`<a class="name" data-row href=${servicePath(r.name)}>${r.name}</a>` },
    { key: 'state', title: 'State', value: (r) => r.state, cell: (r) => html`<${Badge} state=${r.state} />` },
    { key: 'versions', title: 'Versions', cls: 'mono', value: (r) => r.versions.join(', '), cell: (r) => html`<${Versions} of=${r.versions} />` },
    { key: 'nodes', title: 'Nodes', cls: 'num', down: true, value: (r) => r.nodes },
    { key: 'endpoints', title: 'Endpoints', cls: 'num', down: true, value: (r) => r.endpoints },
];

const Versions = ({ of }) => (of.length <= 2 ? of.join(', ') : html`${of.slice(0, 2).join(', ')} <span class="dim">+${of.length - 2}</span>`);

const fields = { state: (r) => [r.state], version: (r) => r.versions };

export function Services({ query }) {
    const { state, problem, rows } = useServices();
    const q = query.get('q') ?? '';
    const sort = query.get('sort') ?? 'name';
    const shown = useMemo(() => {
        const fits = matcher(q, (r) => `${r.name} ${r.versions.join(' ')}`, fields);
        return sorted(rows.filter(fits), columns, sort);
    }, [rows, q, sort]);
    const gone = rows.filter((r) => r.state !== 'alive').length;
    const tools = html`<${Filter} value=${q} label="Filter services" placeholder="Name, state:gone, version:1.2" /><a class="button" href="/client">Call …</a>`;
    return html`<${Page} title="Services" tools=${tools}>
        ${state === 'failed' && html`<${Trouble} problem=${problem} again=${loadServices} />`}
        ${state === 'loading' && html`<${Waiting} what="Looking for services …" />`}
        ${state === 'ok' && html`<p class="summary" aria-live="polite">${q ? `${shown.length} of ${plural(rows.length, 'service')}` : plural(rows.length, 'service')}${gone ? html`, <a href="/services?q=state:gone" class="bad-text">${gone} gone</a>` : ''}</p>
            <${Table} caption="Services" columns=${columns} rows=${shown} keyOf=${(r) => r.name} sort=${sort} onSort=${(s) => setQuery({ sort: s === 'name' ? '' : s })} empty=${html`<${Nothing} q=${q} />`} />`}
    </${Page}>`;
}

const Nothing = ({ q }) =>
    q
        ? html`<p>No service fits <code>${q}</code>.</p><button onClick=${() => setQuery({ q: '' })}>Show all</button>`
        : html`<p>No service is registered. One that starts appears here at once.</p><p class="dim">Services are looked for in the registry's folder and where <code>--registry</code> says: <a href="/">the overview</a> lists the places.</p>`;
