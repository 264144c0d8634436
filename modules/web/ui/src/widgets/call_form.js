// SPDX-License-Identifier: Apache-2.0
// The form that calls an endpoint.
import { useEffect, useRef, useState } from 'preact/hooks';
import { hasRole, session } from '../api.js';
import { html } from '../html.js';
import { jsonProblem } from '../logic/json_problem.js';
import { isStream, skeleton } from '../logic/schema.js';
import { commandLine, curlLine, isSecret, timeoutProblem } from '../logic/snippets.js';
import { useStore } from '../store.js';
import { Answer, useCall } from './answer.js';
import { History } from './history.js';
import { JsonField } from './json_field.js';
import { Choice, Copy } from './parts.js';

const bodyFor = (endpoint) => JSON.stringify(skeleton(endpoint?.request), null, 2);

const fresh = (service, endpoint) => ({ service, endpoint: endpoint?.name ?? '', body: bodyFor(endpoint), headers: [], timeout: '', address: '', stream: isStream(endpoint) });

/// endpoints: of the version that is shown; nodes: of all versions; wanted: name of an endpoint from the address.
export function CallForm({ service, services, onService, endpoints = [], nodes = [], wanted, onEndpoint }) {
    const who = useStore(session);
    const may = hasRole(who, 'operator');
    const byName = (name) => endpoints.find((e) => e.name === name);
    const [call, setCall] = useState(() => fresh(service, byName(wanted) ?? endpoints[0]));
    const { answer, run, cancel } = useCall();
    const set = (changes) => setCall((now) => ({ ...now, ...changes }));
    const known = byName(call.endpoint);

    const before = useRef({ service, endpoints });
    useEffect(() => {
        const other = service !== before.current.service;
        const came = endpoints !== before.current.endpoints && !call.endpoint;
        before.current = { service, endpoints };
        if (!other && !came && (!wanted || wanted === call.endpoint)) return;
        if (service === call.service && call.endpoint && wanted === call.endpoint) return;
        const next = fresh(service, byName(wanted) ?? (wanted && !other ? null : endpoints[0]));
        setCall((now) => ({ ...next, endpoint: next.endpoint || (other ? '' : wanted) || '', headers: now.headers, timeout: now.timeout }));
    }, [service, wanted, endpoints]);

    const choose = (name) => {
        const endpoint = byName(name);
        set({ endpoint: name, ...(endpoint ? { body: bodyFor(endpoint), stream: isStream(endpoint) } : {}) });
        onEndpoint?.(name);
    };
    const wrong = call.body.trim() ? jsonProblem(call.body) : null;
    const late = timeoutProblem(call.timeout);
    const ready = may && call.service && call.endpoint && !wrong && !late && answer.state !== 'running';
    const execute = () => ready && run(call);
    const replay = (old) => {
        const { at, status, ms: took, ...kept } = old;
        onService?.(kept.service);
        onEndpoint?.(kept.endpoint);
        setCall({ ...kept });
        if (may && !kept.headers.some(([n, v]) => isSecret(n) && !v)) run(kept);
    };
    const submit = (event) => (event.preventDefault(), execute());
    return html`<div class="call">
        <form class="call-form" onSubmit=${submit} autocomplete="off">
            ${onService && html`<label class="field"><span>Service</span><input class="mono" list="call-services" value=${service} onInput=${(e) => onService(e.target.value)} spellcheck=${false} placeholder="go.micro.srv.orders" /></label>
                <datalist id="call-services">${services.map((s) => html`<option key=${s} value=${s} />`)}</datalist>`}
            <div class="call-row">
                <${EndpointField} value=${call.endpoint} endpoints=${endpoints} onChange=${choose} />
                <label class="check"><input type="checkbox" checked=${call.stream} onChange=${(e) => set({ stream: e.target.checked })} />Stream</label>
            </div>
            <${JsonField} label="Request" value=${call.body} onInput=${(body) => set({ body })} onRun=${execute}
                tools=${known && html`<button type="button" class="small" onClick=${() => set({ body: bodyFor(known) })}>From schema</button>`} />
            <div class="call-row">
                <label class="field grow"><span>Node</span><select value=${call.address} onChange=${(e) => set({ address: e.target.value })}>
                    <option value="">Any, as the balancer says</option>
                    ${nodes.filter((n) => n.address).map((n) => html`<option key=${n.id} value=${n.address}>${n.address}</option>`)}
                    ${call.address && !nodes.some((n) => n.address === call.address) && html`<option value=${call.address}>${call.address} (gone)</option>`}
                </select></label>
                <label class="field" title="Seconds, or 250ms"><span>Timeout, s</span><input class="num short" inputmode="decimal" placeholder="5" value=${call.timeout} spellcheck=${false} aria-invalid=${late ? 'true' : undefined} onInput=${(e) => set({ timeout: e.target.value.trim() })} /></label>
            </div>
            ${late && html`<p class="bad-text" role="status">Timeout: ${late}</p>`}
            <${Headers} rows=${call.headers} onChange=${(headers) => set({ headers })} />
            <div class="call-row foot">
                <button class="main" disabled=${!ready} aria-keyshortcuts="Control+Enter">Execute</button><span class="dim keys"><kbd>Ctrl</kbd> <kbd>Enter</kbd></span>
                ${!may && html`<span class="dim">Calling needs the role operator; you are ${who.role}.</span>`}
            </div>
        </form>
        <${Answer} answer=${answer} cancel=${cancel} />
        <${Snippets} call=${call} needsToken=${who.subject !== 'local'} />
        <${History} service=${onService ? '' : service} onReplay=${replay} />
    </div>`;
}

function EndpointField({ value, endpoints, onChange }) {
    const listed = endpoints.some((e) => e.name === value);
    const [other, setOther] = useState(false);
    const choose = (name) => {
        setOther(name === '…');
        onChange(name === '…' ? '' : name);
    };
    const typed = other || !listed;
    return html`<div class="field grow">${endpoints.length > 0 && html`<label class="field"><span>Endpoint</span><select class="mono" value=${typed ? '…' : value} onChange=${(e) => choose(e.target.value)}>
            ${endpoints.map((e) => html`<option key=${e.name} value=${e.name}>${e.name}</option>`)}<option value="…">Other …</option></select></label>`}
        ${(typed || !endpoints.length) && html`<label class="field"><span>${endpoints.length ? 'Its name' : 'Endpoint'}</span><input class="mono" value=${value} onInput=${(e) => onChange(e.target.value)} spellcheck=${false} placeholder="Say.Hello" /></label>`}</div>`;
}

function Headers({ rows, onChange }) {
    const edit = (i, k, text) => onChange(rows.map((row, at) => (at === i ? (k ? [row[0], text] : [text, row[1]]) : row)));
    return html`<fieldset class="headers"><legend class="sr">Headers</legend>
        ${rows.map(([name, value], i) => html`<div class="call-row" key=${i}>
            <input class="mono" aria-label="Name of the header" placeholder="Header" value=${name} spellcheck=${false} onInput=${(e) => edit(i, 0, e.target.value)} />
            <input class="mono grow" aria-label="Its value" type=${isSecret(name) ? 'password' : 'text'} autocomplete="off" placeholder="Value" value=${value} onInput=${(e) => edit(i, 1, e.target.value)} />
            <button type="button" class="small" aria-label=${`Remove ${name || 'the header'}`} onClick=${() => onChange(rows.filter((_, at) => at !== i))}>✕</button>
        </div>`)}
        <button type="button" class="small" onClick=${() => onChange([...rows, ['', '']])}>Add a header</button>
    </fieldset>`;
}

function Snippets({ call, needsToken }) {
    const [kind, choose] = useState('curl');
    if (!call.service || !call.endpoint) return null;
    const text = kind === 'curl' ? curlLine(call, location.origin, needsToken) : commandLine(call);
    return html`<section class="snippets"><div class="section-head"><h3>The same from a shell</h3><div class="tools"><${Choice} label="Program" options=${[['curl', 'curl'], ['cli', 'microhost']]} value=${kind} onChange=${choose} /><${Copy} text=${text} /></div></div>
        <pre class="line" tabindex="0" aria-label="Line for a shell">${text}</pre></section>`;
}
