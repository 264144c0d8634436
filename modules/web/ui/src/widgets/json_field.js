// SPDX-License-Identifier: Apache-2.0
import { useRef } from 'preact/hooks';
import { html } from '../html.js';
import { jsonProblem } from '../logic/json_problem.js';

/// A text that has to be JSON: says where it is not, and goes there.
export function JsonField({ label, value, onInput, onRun, tools }) {
    const area = useRef(null);
    const wrong = value.trim() ? jsonProblem(value) : null;
    const format = () => onInput(JSON.stringify(JSON.parse(value), null, 2));
    const show = () => {
        area.current.focus();
        area.current.setSelectionRange(wrong.at, Math.min(value.length, wrong.at + 1));
    };
    const key = (event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        onRun();
    };
    return html`<div class="json-field">
        <div class="json-head"><label for="json-body">${label}</label><span class="tools">${tools}<button type="button" class="small" disabled=${!value.trim() || wrong} onClick=${format}>Format</button></span></div>
        <textarea id="json-body" ref=${area} class="mono" rows=${Math.min(22, Math.max(6, value.split('\n').length + 1))} spellcheck=${false} value=${value} aria-invalid=${wrong ? 'true' : undefined} aria-describedby="json-wrong" onInput=${(e) => onInput(e.target.value)} onKeyDown=${key}></textarea>
        <p id="json-wrong" class="json-wrong" role="status">${wrong && html`<button type="button" class="link" onClick=${show}>Line ${wrong.line}, column ${wrong.column}</button>: ${wrong.message}`}</p>
    </div>`;
}
