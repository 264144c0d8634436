// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ask } from '../api.js';
import { lines, useLogs } from '../data/logs.js';
import { useModules } from '../data/modules.js';
import { useServices } from '../data/services.js';
import { lengths, useTraffic } from '../data/traffic.js';
import { clock, count, ms, percent, plural, rate } from '../format.js';
import { html } from '../html.js';
import { column, keyOf, meanOf, series } from '../logic/lines.js';
import { modulePath, servicePath } from '../router.js';
import { Chart } from '../widgets/chart.js';
import { Badge, Page, Section, useTick } from '../widgets/parts.js';
import { AppList, useApps } from './apps.js';

const requests = [{ label: 'requests', tone: '--series-1', fill: true }, { label: 'errors', tone: '--bad', fill: true }];
const quantiles = [{ label: 'p50', tone: '--series-1' }, { label: 'p99', tone: '--series-3' }];

const Tile = ({ name, value, note, tone, href }) => html`<a class="tile" href=${href}><span class="tile-name">${name}</span><span class="tile-value" data-tone=${tone}>${value}</span><span class="tile-note">${note}</span></a>`;

/// Asked for each ten seconds: it has no event of its own.
function useSources() {
    const [sources, set] = useState([]);
    useEffect(() => {
        const load = () => document.visibilityState === 'visible' && ask('/_/api/sources').then((said) => set(said.sources), () => {});
        load();
        const timer = setInterval(load, 10_000);
        return () => clearInterval(timer);
    }, []);
    return sources;
}

function Tiles({ line, services, modules }) {
    const mean = (name) => (line ? meanOf(line, column[name], 5) : null);
    const failing = mean('errors') ?? 0;
    const gone = services.rows.filter((r) => r.state !== 'alive').length;
    const broken = modules.rows.filter((m) => m.state === 'failed' || m.state === 'quarantined').length;
    return html`<div class="tiles">
        <${Tile} name="Requests" value=${rate(mean('requests'))} note="a second" href="/_/traffic" />
        <${Tile} name="Errors" value=${percent(failing, mean('requests') || 1)} note=${`${rate(failing)} a second`} tone=${failing > 0 ? 'bad' : ''} href="/_/traffic" />
        <${Tile} name="p99" value=${ms(mean('p99_ms'))} note=${`p50 ${ms(mean('p50_ms'))}`} href="/_/traffic" />
        <${Tile} name="Services" value=${count(services.rows.length - gone)} note=${gone ? `${gone} gone` : 'all alive'} tone=${gone ? 'bad' : ''} href=${gone ? '/services?q=state:gone' : '/services'} />
        <${Tile} name="Modules" value=${count(modules.rows.filter((m) => m.state === 'running').length)} note=${broken ? `${broken} not running` : 'all running'} tone=${broken ? 'bad' : ''} href="/_/modules" />
    </div>`;
}

function Problems({ services, modules, sources }) {
    const found = [
        ...modules.rows.filter((m) => m.state === 'failed' || m.state === 'quarantined').map((m) => [m.state, modulePath(m.id), m.id, m.detail]),
        ...services.rows.filter((r) => r.state !== 'alive').map((r) => [r.state, servicePath(r.name), r.name, 'no node is alive']),
        ...sources.filter((s) => s.problem).map((s) => ['warn', '', `registry ${s.name}`, `${s.place}: ${s.problem}`]),
    ];
    if (!found.length) return html`<div class="empty good"><p><${Badge} state="ok" text="None" /> Every module runs, every service has a node, every registry answers.</p></div>`;
    return html`<ul class="panel list">${found.slice(0, 12).map(([state, href, name, text]) => html`<li key=${name}><${Badge} state=${state} text=${state === 'warn' ? 'problem' : state} />${href ? html`<a class="name" href=${href}>${name}</a>` : html`<span class="name">${name}</span>`}<span class="dim">${text}</span></li>`)}
        ${found.length > 12 && html`<li class="dim">and ${found.length - 12} more</li>`}</ul>`;
}

function Warnings() {
    const { turn } = useLogs();
    useTick(30_000);
    const last = useMemo(() => lines((l) => l.level === 'warn' || l.level === 'error').slice(-6).reverse(), [turn]);
    if (!last.length) return html`<div class="empty"><p>Nothing was warned of.</p></div>`;
    return html`<ul class="panel list">${last.map((l) => html`<li key=${l.seq}><${Badge} state=${l.level} /><span class="num dim">${clock(l.time)}</span><a class="name" href=${l.request_id ? `/_/logs?request=${encodeURIComponent(l.request_id)}` : `/_/logs?level=warn&module=${encodeURIComponent(l.module)}`}>${l.module}</a><span>${l.text}${l.fields?.detail ? html` <span class="dim">${l.fields.detail}</span>` : ''}</span></li>`)}</ul>`;
}

export function Overview() {
    const services = useServices();
    const modules = useModules();
    const traffic = useTraffic('seconds');
    const sources = useSources();
    const apps = useApps();
    const ring = traffic.ring;
    const line = ring?.lines.get(keyOf('all', '', ''));
    const data = (names) => series(ring ?? { end: Math.floor(Date.now() / 1000) * 1000, step: 1000 }, line, names, lengths.seconds);
    const [first, second] = useMemo(() => [data(['requests', 'errors']), data(['p50_ms', 'p99_ms'])], [ring]);
    return html`<${Page} title="Overview">
        <${Tiles} line=${line} services=${services} modules=${modules} />
        <div class="charts two"><${Chart} title="Per second" series=${requests} unit=${rate} data=${first} height=${130} /><${Chart} title="Latency" series=${quantiles} unit=${ms} data=${second} height=${130} /></div>
        <div class="halves">
            <${Section} title="Problems"><${Problems} services=${services} modules=${modules} sources=${sources} /></${Section}>
            <${Section} title="Last warnings" tools=${html`<a href="/_/logs?level=warn">All of them</a>`}><${Warnings} /></${Section}>
        </div>
        <div class="halves">
            <${Section} title="Where services come from"><ul class="panel list">${sources.map((s) => html`<li key=${s.name}><${Badge} state=${s.problem ? 'warn' : 'ok'} text=${s.name} /><code>${s.place}</code><span class="dim">${plural(s.services, 'service')}, ${plural(s.nodes, 'node')}</span></li>`)}</ul></${Section}>
            <${Section} title="Apps" tools=${html`<a href="/_/apps">All of them</a>`}><${AppList} apps=${apps.slice(0, 8)} /></${Section}>
        </div>
    </${Page}>`;
}
