// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { ask } from '../api.js';
import { runCommand } from '../data/commands.js';
import { useAsked } from '../data/asked.js';
import { newest, useModules } from '../data/modules.js';
import { bytes, count, moment, percent, rate, span } from '../format.js';
import { html } from '../html.js';
import { groupsOf } from '../logic/config.js';
import { ConfigTable } from '../widgets/config_table.js';
import { Actions } from '../widgets/module_actions.js';
import { Badge, Code, Page, Section, Trouble, useTick, Waiting } from '../widgets/parts.js';
import { abiOf, microseconds } from './modules.js';

const Fact = ({ name, children, whole }) => html`<div class=${whole ? 'whole' : ''}><dt>${name}</dt><dd>${children}</dd></div>`;

function Facts({ m }) {
    useTick(1000);
    return html`<div class="panel pad"><dl class="facts">
        <${Fact} name="Version">${m.version}</${Fact}>
        <${Fact} name="Generation">${m.generation}</${Fact}>
        <${Fact} name="ABI">${abiOf(m)}</${Fact}>
        <${Fact} name="Loaded"><span title=${moment(m.loaded_ms)}>${span(Date.now() - m.loaded_ms)} ago</span></${Fact}>
        <${Fact} name="Calls">${count(m.calls)} <span class="dim">${rate(m.rate)}/s</span></${Fact}>
        <${Fact} name="CPU">${microseconds(m.cpu_us)} <span class="dim">${m.load === null ? '' : percent(m.load, 1)}</span></${Fact}>
        <${Fact} name="Longest call">${microseconds(m.longest_us)}${m.stalls > 0 && html` <span class="warn-text">${m.stalls} stalls</span>`}</${Fact}>
        <${Fact} name="Errors">${m.errors ? html`<span class="bad-text">${count(m.errors)}</span>` : '0'}</${Fact}>
        <${Fact} name="In flight">${count(m.requests)}</${Fact}>
        <${Fact} name="Handles">${count(m.handles)}</${Fact}>
        <${Fact} name="Memory">${bytes(m.bytes)}</${Fact}>
        <${Fact} name="Licence">${m.manifest?.license ?? '–'}</${Fact}>
        <${Fact} name="File" whole><code>${m.path}</code></${Fact}>
    </dl></div>`;
}

function Config({ id, generation }) {
    const said = useAsked((signal) => ask(`/_/api/config?prefix=${encodeURIComponent(`modules.${id}`)}`, { signal }), [id, generation]);
    if (said.state === 'failed') return html`<${Trouble} problem=${said.problem} />`;
    if (said.state === 'loading') return html`<${Waiting} what="Reading …" />`;
    const values = groupsOf(said.value.values).flatMap((g) => g.values);
    if (!values.length) return html`<div class="empty">It has no options.</div>`;
    return html`<${ConfigTable} caption="Configuration" groups=${[{ values }]} />`;
}

const verdicts = (f) => Object.entries(f.verdicts ?? {}).filter(([, n]) => n > 0).map(([k, n]) => `${count(n)} ${k}`).join(', ') || 'none yet';

function Chain({ listener, id }) {
    return html`<div class="chain"><p class="chain-end"><code>${listener.listener}</code> <span class="dim">${listener.address}</span></p>
        <ol>${listener.filters.map((f, i) => html`<li key=${i} class=${f.module === id ? 'own' : ''} data-applies=${f.applies}><strong>${f.name}</strong> <span class="dim">${f.module === f.name ? '' : `of ${f.module}, `}${f.phase}, ${f.match}</span>
            <${Badge} state=${f.applies ? f.state : 'parked'} text=${f.applies ? f.state : 'passed by'} />${f.mode !== 'enforce' && html` <span class="tag">${f.mode}</span>`}<span class="dim verdicts">${verdicts(f)}; an error: ${f.on_error}</span></li>`)}</ol>
        <p class="chain-end">answered by <code>${listener.module}</code></p></div>`;
}

function Filters({ id, generation }) {
    const [path, setPath] = useState('/');
    const [wanted, want] = useState('/');
    const said = useAsked((signal) => runCommand('explain', { path: wanted, output: 'json' }, { signal }), [wanted, generation]);
    const output = said.value;
    const listeners = (output?.json[0]?.listeners ?? []).filter((l) => l.module === id || l.filters.some((f) => f.module === id));
    const submit = (event) => (event.preventDefault(), want(path.startsWith('/') ? path : `/${path}`));
    const form = html`<form class="tools" onSubmit=${submit}><label class="check">GET <input class="mono" value=${path} aria-label="Path of a request" onInput=${(e) => setPath(e.target.value)} spellcheck=${false} /></label><button class="small">Explain</button></form>`;
    return html`<${Section} title="Filters" note="what a request passes on its listeners" tools=${form}>
        ${said.state === 'failed' && html`<p class="dim">${said.problem.status === 404 ? 'This server has no command explain.' : said.problem.message}</p>`}
        ${output?.errors.map((e) => html`<div class="trouble" key=${e}><strong>${e}</strong></div>`)}
        ${said.state === 'ok' && !output.errors.length && (listeners.length ? html`<div class="chains">${listeners.map((l) => html`<${Chain} key=${l.listener} listener=${l} id=${id} />`)}</div>` : html`<div class="empty">It has no listener, and no filter of its own is on one.</div>`)}
    </${Section}>`;
}

export function Module({ params }) {
    const { state, problem, rows } = useModules();
    const m = newest(rows, params.id);
    const others = rows.filter((r) => r.id === params.id && r !== m);
    const title = params.id;
    const tools = m && html`<${Badge} state=${m.state} /><a class="button" href=${`/_/traffic?kind=module&name=${encodeURIComponent(m.id)}`}>Traffic</a><a class="button" href=${`/_/logs?module=${encodeURIComponent(m.id)}`}>Logs</a><${Actions} module=${m} />`;
    if (state === 'loading') return html`<${Page} title=${title}><${Waiting} what="Asking what is loaded …" /></${Page}>`;
    return html`<${Page} title=${title} crumb=${['Modules', '/_/modules']} tools=${tools}>
        ${state === 'failed' && html`<${Trouble} problem=${problem} />`}
        ${state === 'ok' && !m && html`<div class="empty"><p>No module <code>${params.id}</code> is loaded.</p><a href="/_/modules">All modules</a></div>`}
        ${m && html`${m.summary && html`<p class="summary">${m.summary}</p>`}
            ${m.detail && html`<div class=${m.state === 'running' ? 'notice' : 'trouble'}><strong>${m.detail}</strong></div>`}
            <${Facts} m=${m} />
            ${others.length > 0 && html`<p class="summary gap-top">Also there: ${others.map((o) => html`<span key=${o.generation}>generation ${o.generation} <${Badge} state=${o.state} /> with ${o.requests} in flight </span>`)}</p>`}
            <${Section} title="Configuration" note="secrets are not shown" tools=${html`<a href=${`/_/config?q=${encodeURIComponent(`name:${m.id}`)}`}>All of the host's</a>`}><${Config} id=${m.id} generation=${m.generation} /></${Section}>
            <${Filters} id=${m.id} generation=${m.generation} />
            <${Section} title="Manifest">${m.manifest ? html`<details class="manifest"><summary>${(m.manifest.requires ?? []).length} interfaces are required: <span class="dim mono">${(m.manifest.requires ?? []).join(' ')}</span></summary><${Code} text=${JSON.stringify(m.manifest, null, 2)} label="Manifest" /></details>` : html`<p class="dim">none</p>`}</${Section}>`}
    </${Page}>`;
}
