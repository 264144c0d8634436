// SPDX-License-Identifier: Apache-2.0
// What the API answers, beside the page. A plain link would be refused: a window that is opened by a link could be a web service's.
import { useState } from 'preact/hooks';
import { ask } from '../api.js';
import { useAsked } from '../data/asked.js';
import { html } from '../html.js';
import { Code, Dialog, Trouble, Waiting } from './parts.js';

const longest = 256 * 1024;

function Shown({ path, onClose }) {
    const { state, value, problem } = useAsked((signal) => ask(path, { signal }), [path]);
    const text = state === 'ok' ? JSON.stringify(value, null, 2) : '';
    return html`<${Dialog} label=${path} cls="json" onClose=${onClose}><h2><code>${path}</code></h2>
        ${state === 'loading' && html`<${Waiting} what="Asking …" />`}${state === 'failed' && html`<${Trouble} problem=${problem} />`}
        ${state === 'ok' && html`<${Code} text=${text.slice(0, longest)} label="JSON" />${text.length > longest && html`<p class="dim">The rest is not shown.</p>`}`}
        <div class="dialog-foot"><button autofocus onClick=${onClose}>Close</button></div></${Dialog}>`;
}

export function JsonButton({ path, cls, children = 'JSON' }) {
    const [open, set] = useState(false);
    return html`<button class=${cls} onClick=${() => set(true)}>${children}</button>${open && html`<${Shown} path=${path} onClose=${() => set(false)} />`}`;
}
