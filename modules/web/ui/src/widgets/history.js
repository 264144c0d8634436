// SPDX-License-Identifier: Apache-2.0
// The calls before: made again with a click, and two of their answers side by side.
import { useState } from 'preact/hooks';
import { answerOf, forgetAll, history } from '../data/history.js';
import { clock, ms, plural } from '../format.js';
import { html } from '../html.js';
import { diff, folded } from '../logic/diff.js';
import { useStore } from '../store.js';
import { Badge } from './parts.js';

const most = 20;
const mostLines = 500;

const words = { '-': 'only before', '+': 'only after' };

const Line = ({ kind, text }) => {
    if (kind === '…') return html`<li class="dim">… ${plural(text, 'line')} alike</li>`;
    return html`<li data-kind=${kind}><span aria-hidden="true">${kind}</span>${words[kind] && html`<span class="sr">${words[kind]}: </span>`}<code>${text}</code></li>`;
};

function Difference({ pair, onClose }) {
    const [before, after] = pair;
    const all = diff(answerOf(before.at), answerOf(after.at));
    const lines = folded(all);
    const count = (kind) => all.filter(([k]) => k === kind).length;
    const same = lines.length < 2 && !count('-') && !count('+');
    return html`<section class="difference" aria-label="Difference"><div class="section-head"><h3>Difference</h3><span class="note">${clock(before.at)} and ${clock(after.at)}${!same && html`: <span class="bad-text">−${count('-')}</span> <span class="good-text">+${count('+')}</span> lines`}</span>
            <div class="tools"><button type="button" class="small" onClick=${onClose}>Close</button></div></div>
        ${same ? html`<p class="dim">The two answers are the same.</p>` : html`<ol class="diff" tabindex="0" aria-label="Lines">${lines.slice(0, mostLines).map(([kind, text], i) => html`<${Line} key=${i} kind=${kind} text=${text} />`)}${lines.length > mostLines && html`<li class="dim">The rest is not shown.</li>`}</ol>`}
    </section>`;
}

export function History({ service, onReplay }) {
    const calls = useStore(history).filter((c) => !service || c.service === service).slice(0, most);
    const [chosen, choose] = useState([]);
    if (!calls.length) return null;
    const comparable = calls.filter((c) => answerOf(c.at) !== undefined);
    const toggle = (at) => choose(chosen.includes(at) ? chosen.filter((c) => c !== at) : [...chosen, at].slice(-2));
    const pair = comparable.filter((c) => chosen.includes(c.at)).sort((a, b) => a.at - b.at);
    return html`<section class="history"><div class="section-head"><h3>Calls before</h3><span class="note" title="without answers and secret headers">kept in this browser</span><div class="tools"><button type="button" class="small" onClick=${forgetAll}>Forget all</button></div></div>
        <ul>${calls.map((c) => html`<li key=${c.at}>
            ${comparable.length > 1 && html`<input type="checkbox" aria-label=${`Compare the answer of ${clock(c.at)}`} title="Compare its answer with another one" disabled=${!comparable.includes(c)} checked=${chosen.includes(c.at)} onChange=${() => toggle(c.at)} />`}
            <span class="cut"><button type="button" class="link" title=${c.body} onClick=${() => onReplay(c)}>${service ? '' : html`<span class="dim">${c.service} </span>`}${c.endpoint}</button> <span class="mono dim">${c.body.replace(/\s+/g, ' ')}</span></span>
            <${Badge} state=${c.status >= 200 && c.status < 300 ? 'ok' : 'failed'} text=${String(c.status || 'none')} /><span class="num dim">${ms(c.ms)}</span><span class="num dim">${clock(c.at)}</span></li>`)}</ul>
        ${pair.length === 1 && html`<p class="dim">Choose another answer to compare it with.</p>`}
        ${pair.length === 2 && html`<${Difference} pair=${pair} onClose=${() => choose([])} />`}</section>`;
}
