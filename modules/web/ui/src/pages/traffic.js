// SPDX-License-Identifier: Apache-2.0
import { useMemo } from 'preact/hooks';
import { lengths, loadTraffic, useTraffic } from '../data/traffic.js';
import { bytes, count, ms, percent, rate } from '../format.js';
import { html } from '../html.js';
import { matcher } from '../logic/filter.js';
import { column, keyOf, lastOf, meanOf, series } from '../logic/lines.js';
import { modulePath, servicePath, setQuery } from '../router.js';
import { Chart } from '../widgets/chart.js';
import { Choice, Filter, Page, Section, Trouble, Waiting } from '../widgets/parts.js';
import { Spark } from '../widgets/spark.js';
import { sorted, Table } from '../widgets/virtual.js';

const kinds = [['service', 'Services'], ['route', 'Endpoints'], ['listener', 'Listeners'], ['module', 'Modules'], ['upstream', 'Upstreams']];
const windows = [['seconds', '5 min'], ['tens', '1 h']];

const one = (label) => [{ label, tone: '--series-1', fill: true }];
const bad = [{ label: 'errors', tone: '--bad', fill: true }];
const quantiles = [{ label: 'p50', tone: '--series-1' }, { label: 'p90', tone: '--series-2' }, { label: 'p99', tone: '--series-3' }];
const share = (n) => (n === null || n === undefined ? '–' : percent(n, 1));
const perSecond = (n) => (n === null || n === undefined ? '–' : `${bytes(n)}/s`);

const latency = { title: 'Latency', names: ['p50_ms', 'p90_ms', 'p99_ms'], series: quantiles, unit: ms };
const errors = { title: 'Errors per second', names: ['errors'], series: bad, unit: rate };
const charts = {
    listener: [
        { title: 'Connections accepted per second', names: ['requests'], series: one('accepted'), unit: rate },
        { title: 'Open connections', names: ['open'], series: one('open'), unit: count },
        { title: 'Received and sent', names: ['bytes'], series: one('bytes'), unit: perSecond },
    ],
    module: [
        { title: 'Calls into it per second', names: ['requests'], series: one('calls'), unit: rate },
        { title: 'Share of a processor', names: ['busy'], series: one('busy'), unit: share },
        errors,
    ],
    other: [{ title: 'Requests per second', names: ['requests'], series: one('requests'), unit: rate }, errors, latency],
};

const mean = (index) => (line) => meanOf(line, column[index], 5);
const numeric = (key, title, value, text, more = {}) => ({ key, title, cls: 'num', down: true, value, cell: (r) => text(value(r)), ...more });

const label = (kind) => (r) => (kind === 'route' ? html`<span class="dim">${r.name} </span>${r.detail || r.name}` : html`${r.name}${r.detail ? html` <span class="dim">${r.detail}</span>` : ''}`);

function columnsOf(kind, choose) {
    const name = { key: 'name', title: kinds.find(([k]) => k === kind)[1].replace(/s$/, ''), cls: 'grow', value: (r) => r.detail + r.name, cell: (r) => html`<button class="link name" data-row onClick=${() => choose(r)}>${label(kind)(r)}</button>` };
    const spark = { key: 'spark', title: 'Last minute', sort: false, value: () => '', cell: (r) => html`<${Spark} values=${r.points.slice(-60).map((p) => p[column.requests])} />` };
    const requests = numeric('rate', kind === 'listener' ? 'Accepted/s' : kind === 'module' ? 'Calls/s' : 'Req/s', mean('requests'), rate);
    const failures = numeric('errors', 'Errors', (r) => (mean('errors')(r) ?? 0) / (mean('requests')(r) || 1), (n) => (n ? html`<span class="bad-text">${percent(n, 1)}</span>` : html`<span class="dim">0</span>`));
    const times = [['p50', 'p50_ms'], ['p90', 'p90_ms'], ['p99', 'p99_ms']].map(([k, c]) => numeric(k, k, mean(c), ms));
    const open = numeric('open', kind === 'upstream' || kind === 'listener' ? 'Open' : 'In flight', (r) => lastOf(r)[column.open], count);
    if (kind === 'listener') return [name, spark, requests, open, numeric('bytes', 'Bytes', mean('bytes'), perSecond)];
    if (kind === 'module') return [name, spark, requests, numeric('busy', 'CPU', mean('busy'), share), failures];
    return [name, spark, requests, failures, ...times, open];
}

function Health({ line }) {
    const failed = (mean('errors')(line) ?? 0) / (mean('requests')(line) || 1);
    return failed > 0.5 ? 'gone' : failed > 0 ? 'warn' : 'ok';
}

const linkOf = (kind, name, detail) => {
    if (kind === 'service') return html`<a class="button" href=${servicePath(name)}>Service page</a>`;
    if (kind === 'module') return html`<a class="button" href=${modulePath(name)}>Module page</a>`;
    if (kind === 'route' && detail.includes('/')) return html`<a class="button" href=${servicePath(detail.slice(0, detail.lastIndexOf('/')))}>Service page</a>`;
    return null;
};

export function Traffic({ query }) {
    const which = query.get('window') === '1h' ? 'tens' : 'seconds';
    const kind = query.get('kind') ?? 'all';
    const name = query.get('name') ?? '';
    const detail = query.get('detail') ?? '';
    const { state, problem, ring } = useTraffic(which);
    const line = ring?.lines.get(keyOf(kind, name, detail)) ?? (name && ring ? [...ring.lines.values()].find((l) => l.kind === kind && l.name === name) : undefined);
    const title = kind === 'all' ? 'Traffic' : kind === 'route' ? detail || name : name;
    const tools = html`${linkOf(kind, name, detail)}<${Choice} label="Window" options=${windows} value=${which} onChange=${(w) => setQuery({ window: w === 'tens' ? '1h' : '' })} />`;
    return html`<${Page} title=${title} crumb=${kind === 'all' ? null : ['Traffic', which === 'tens' ? '/_/traffic?window=1h' : '/_/traffic']} tools=${tools}>
        ${state === 'loading' && html`<${Waiting} what="Reading what was measured …" />`}
        ${state === 'failed' && html`<${Trouble} problem=${problem} again=${() => loadTraffic(which)} />`}
        ${state === 'ok' && html`
            ${!line && kind !== 'all' && html`<p class="summary">Nothing of this ${kind} was measured in this window.</p>`}
            <${Charts} ring=${ring} line=${line} kind=${kind} most=${lengths[which]} />
            <${Lines} ring=${ring} kind=${kind} name=${name} detail=${detail} query=${query} />`}
    </${Page}>`;
}

function Charts({ ring, line, kind, most }) {
    const wanted = charts[kind] ?? charts.other;
    return html`<div class="charts">${wanted.map((c) => html`<${OneChart} key=${c.title} chart=${c} ring=${ring} line=${line} most=${most} />`)}</div>`;
}

function OneChart({ chart, ring, line, most }) {
    const data = useMemo(() => series(ring, line, chart.names, most), [ring, line, chart, most]);
    return html`<${Chart} title=${chart.title} series=${chart.series} unit=${chart.unit} data=${data} />`;
}

function Lines({ ring, kind, name, detail, query }) {
    const by = query.get('by') ?? (kind === 'all' ? 'service' : kind);
    const q = query.get('q') ?? '';
    const sort = query.get('sort') ?? '-rate';
    const choose = (r) => setQuery({ kind: r.kind, name: r.name, detail: r.detail, by: '' });
    const columns = useMemo(() => columnsOf(by, choose), [by]);
    const all = [...ring.lines.values()].filter((l) => l.kind === by);
    const rows = sorted(all.filter(matcher(q, (r) => `${r.name} ${r.detail}`)), columns, sort);
    const sick = by === 'upstream' ? all.filter((line) => Health({ line }) !== 'ok').length : 0;
    return html`<${Section} title="By" tools=${html`<${Filter} value=${q} label="Filter these lines" />`}
            note=${html`<${Choice} label="Lines by" options=${kinds} value=${by} onChange=${(k) => setQuery({ by: k })} />${sick > 0 && html` <span class="bad-text">${sick} fail</span>`}`}>
        <${Table} caption=${`Traffic by ${by}`} columns=${columns} rows=${rows} keyOf=${(r) => keyOf(r.kind, r.name, r.detail)} sort=${sort} onSort=${(s) => setQuery({ sort: s === '-rate' ? '' : s })}
            rowClass=${(r) => (r.kind === kind && r.name === name && r.detail === detail ? 'selected' : '')} empty=${q ? `Nothing fits “${q}”.` : 'Nothing was measured yet.'} />
    </${Section}>`;
}
