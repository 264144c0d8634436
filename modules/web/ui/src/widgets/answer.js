// SPDX-License-Identifier: Apache-2.0
// Makes a call and shows what comes.
import { useEffect, useRef, useState } from 'preact/hooks';
import { problemOf, send } from '../api.js';
import { remember } from '../data/history.js';
import { bytes, count, ms } from '../format.js';
import { html } from '../html.js';
import { readLines } from '../logic/ndjson.js';
import { Badge, Code, Trouble } from './parts.js';

const mostLines = 300; // more of them at once cannot be read, and drawing them keeps the page busy
const longest = 512 * 1024;

function headersOf(call) {
    const headers = new Headers();
    for (const [name, value] of call.headers) if (name.trim()) headers.append(name.trim(), value);
    headers.set('Content-Type', 'application/json');
    headers.set('Accept', call.stream ? 'application/x-ndjson' : 'application/json');
    if (call.timeout) headers.set('Timeout', String(call.timeout));
    return headers;
}

function bodyOf(call) {
    const wanted = { service: call.service, endpoint: call.endpoint, request: JSON.parse(call.body.trim() || '{}') };
    if (call.address) wanted.address = call.address;
    return JSON.stringify(wanted);
}

const pretty = (text) => {
    try {
        return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
        return text;
    }
};

export function useCall() {
    const [answer, set] = useState({ state: 'idle' });
    const aborter = useRef(null);
    useEffect(() => () => aborter.current?.abort(), []);

    const run = async (call) => {
        aborter.current?.abort();
        const own = (aborter.current = new AbortController());
        const start = performance.now();
        const now = { state: 'running', status: 0, lines: [], total: 0, size: 0, stream: call.stream, start };
        let drawn = false;
        const draw = (changes) => {
            Object.assign(now, changes, { ms: performance.now() - start });
            if (aborter.current === own) set({ ...now, lines: now.lines.slice(-mostLines) });
        };
        const later = () => {
            if (drawn) return;
            drawn = true;
            setTimeout(() => {
                if (now.state === 'running') draw({});
                // not again before this was seen: a slow machine would do nothing else
                requestAnimationFrame(() => (drawn = false));
            }, 150);
        };
        const onLine = (line) => {
            now.total += 1;
            now.size += line.length + 1;
            now.lines.push(line);
            if (now.lines.length > 2 * mostLines) now.lines = now.lines.slice(-mostLines);
            if (/^\{"error":/.test(line)) now.broken = true;
            later();
        };
        draw({});
        try {
            const response = await send('/rpc', { method: 'POST', headers: headersOf(call), body: bodyOf(call), signal: own.signal });
            draw({ status: response.status, requestId: response.headers.get('x-request-id') ?? '' });
            if (!response.ok) throw await problemOf(response);
            if (call.stream) await readLines(response, onLine);
            else {
                const text = await response.text();
                now.size = text.length;
                now.text = pretty(text.slice(0, longest));
                now.cut = text.length > longest;
            }
            draw({ state: 'done' });
        } catch (problem) {
            if (problem.name === 'AbortError') draw({ state: 'cancelled' });
            else draw({ state: 'failed', problem, requestId: problem.id || now.requestId });
        }
        remember(call, { status: now.status, ms: Math.round(now.ms) }, now.text ?? (now.lines.join('\n') || now.problem?.message || ''));
    };
    return { answer, run, cancel: () => aborter.current?.abort() };
}

const outcome = {
    running: ['loading', 'running'],
    done: ['ok', 'ok'],
    failed: ['failed', 'failed'],
    cancelled: ['warn', 'cancelled'],
};

export function Answer({ answer, cancel }) {
    if (answer.state === 'idle') return null;
    const [state, word] = answer.broken ? ['failed', 'broken off'] : outcome[answer.state];
    return html`<section class="answer" aria-label="Answer">
        <div class="answer-head" role="status">
            <${Badge} state=${state} text=${answer.status ? `${answer.status} ${word}` : word} />
            <span class="num">${ms(answer.ms)}</span>
            ${answer.stream ? html`<span>${count(answer.total)} messages</span>` : null}
            ${answer.size > 0 && html`<span class="dim">${bytes(answer.size)}</span>`}
            ${answer.requestId && html`<a class="dim" href=${`/_/logs?request=${encodeURIComponent(answer.requestId)}`}>its log lines</a>`}
            ${answer.state === 'running' && html`<button type="button" class="small" onClick=${cancel}>Cancel</button>`}
        </div>
        ${answer.problem && html`<${Trouble} problem=${answer.problem} />`}
        ${answer.stream && answer.lines.length > 0 && html`<${Lines} answer=${answer} />`}
        ${answer.text !== undefined && html`<${Code} text=${answer.text} label="Body of the answer" />`}
        ${answer.cut && html`<p class="dim">The rest is not shown.</p>`}
    </section>`;
}

function Lines({ answer }) {
    const box = useRef(null);
    useEffect(() => {
        const b = box.current;
        if (b.scrollHeight - b.scrollTop - b.clientHeight < 160) b.scrollTop = b.scrollHeight;
    }, [answer.total]);
    const skipped = answer.total - answer.lines.length;
    return html`<ol class="stream" ref=${box} tabindex="0" aria-label="Messages">${skipped > 0 && html`<li class="dim">${count(skipped)} before are not shown</li>`}
        ${answer.lines.map((line, i) => html`<li key=${skipped + i}><span class="dim num">${skipped + i + 1}</span><code>${line}</code></li>`)}</ol>`;
}
