// SPDX-License-Identifier: Apache-2.0
// Small pieces that many pages are made of.
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../html.js';
import { setQuery } from '../router.js';

const tones = {
    alive: 'good', running: 'good', active: 'good', ok: 'good', info: 'calm', debug: 'quiet',
    loading: 'calm', draining: 'warn', parked: 'quiet', gone: 'bad', failed: 'bad', quarantined: 'bad',
    warn: 'warn', error: 'bad',
};

export const Badge = ({ state, text }) => html`<span class="badge" data-tone=${tones[state] ?? 'quiet'}>${text ?? state}</span>`;

export function Page({ title, crumb, tools, children }) {
    const heading = useRef(null);
    useEffect(() => {
        document.title = `${title} · microhost`;
    }, [title]);
    return html`<div class="page">
        <header class="page-head">
            <div class="page-title">${crumb && html`<a class="crumb" href=${crumb[1]}>${crumb[0]}</a>`}<h1 ref=${heading} tabindex="-1">${title}</h1></div>
            ${tools && html`<div class="tools">${tools}</div>`}
        </header>
        ${children}
    </div>`;
}

export const Section = ({ title, note, tools, children, id }) => html`<section class="section" id=${id}>
    <header class="section-head"><h2>${title}</h2>${note && html`<span class="note">${note}</span>`}${tools && html`<div class="tools">${tools}</div>`}</header>
    ${children}
</section>`;

/// A filter whose text is in the address as `name`.
export function Filter({ name = 'q', value, label, placeholder = 'Filter', wide, primary = true }) {
    const typed = (event) => setQuery({ [name]: event.target.value });
    const key = (event) => {
        if (event.key === 'Escape' && event.target.value) {
            event.stopPropagation();
            setQuery({ [name]: '' });
        }
    };
    return html`<label class=${`filter${wide ? ' wide' : ''}`}><span class="sr">${label}</span>
        <input type="search" value=${value} placeholder=${placeholder} spellcheck=${false} autocomplete="off" data-filter=${primary} onInput=${typed} onKeyDown=${key} />
        ${primary && html`<kbd aria-hidden="true">/</kbd>`}
    </label>`;
}

export const Choice = ({ label, options, value, onChange }) => html`<div class="choice" role="group" aria-label=${label}>
    ${options.map(([key, text]) => html`<button key=${key} aria-pressed=${key === value} onClick=${() => onChange(key)}>${text}</button>`)}
</div>`;

export function Copy({ text, label = 'Copy' }) {
    const [said, say] = useState('');
    const timer = useRef(null);
    const copy = async () => {
        say((await toClipboard(typeof text === 'function' ? text() : text)) ? 'Copied' : 'Not allowed');
        clearTimeout(timer.current);
        timer.current = setTimeout(() => say(''), 1500);
    };
    return html`<button class="small" onClick=${copy}><span aria-live="polite">${said || label}</span></button>`;
}

async function toClipboard(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        // plain HTTP from another machine has no clipboard API
        const area = document.createElement('textarea');
        area.value = text;
        document.body.append(area);
        area.select();
        const done = document.execCommand('copy');
        area.remove();
        return done;
    }
}

export const Code = ({ text, label }) => html`<div class="code"><pre tabindex="0" aria-label=${label}>${text}</pre><${Copy} text=${text} /></div>`;

export const Trouble = ({ problem, again }) => html`<div class="trouble" role="alert"><strong>${problem.message}</strong>
    ${problem.id && html`<span class="dim">request <a href=${`/_/logs?request=${encodeURIComponent(problem.id)}`}><code>${problem.id}</code></a></span>`}
    ${again && html`<button class="small" onClick=${again}>Try again</button>`}</div>`;

export const Waiting = ({ what }) => html`<div class="waiting" role="status">${what}</div>`;

export function Pairs({ of }) {
    const entries = Object.entries(of ?? {});
    if (!entries.length) return html`<span class="dim">none</span>`;
    return html`<span class="pairs">${entries.map(([k, v]) => html`<span class="pair" key=${k}><span>${k}</span>${v}</span>`)}</span>`;
}

/// Opens as a modal while it is there; `onClose` is also what Esc does.
export function Dialog({ label, onClose, children, cls }) {
    const ref = useRef(null);
    useEffect(() => {
        const before = document.activeElement;
        const dialog = ref.current;
        dialog.showModal();
        return () => {
            dialog.close();
            before?.focus?.();
        };
    }, []);
    const outside = (event) => event.target === ref.current && onClose();
    return html`<dialog ref=${ref} class=${cls} aria-label=${label} onClick=${outside} onCancel=${(e) => (e.preventDefault(), onClose())}><div class="dialog-body">${children}</div></dialog>`;
}

/// Renders again each `every` ms: for texts such as "12 s ago".
export function useTick(every) {
    const [, set] = useState(0);
    useEffect(() => {
        const timer = setInterval(() => set((n) => n + 1), every);
        return () => clearInterval(timer);
    }, [every]);
}
