// SPDX-License-Identifier: Apache-2.0
// Ctrl K: pages, services and modules by a few letters of their names.
import { useEffect, useRef, useState } from 'preact/hooks';
import { loadModules, modules } from './data/modules.js';
import { loadServices, services } from './data/services.js';
import { html } from './html.js';
import { overlay, places } from './keys.js';
import { score } from './logic/filter.js';
import { setTheme } from './look.js';
import { go, modulePath, servicePath } from './router.js';
import { useStore } from './store.js';
import { Dialog } from './widgets/parts.js';

const most = 12;

const fixed = [
    ...places.map(([, title, path]) => ({ title, kind: 'page', run: () => go(path) })),
    { title: 'Call an endpoint', kind: 'page', run: () => go('/client') },
    { title: 'About and licences', kind: 'page', run: () => go('/_/about') },
    { title: 'Keys and help', kind: 'page', run: () => overlay.set('help') },
    { title: 'Light colours', kind: 'look', run: () => setTheme('light') },
    { title: 'Dark colours', kind: 'look', run: () => setTheme('dark') },
    { title: 'Colours of the system', kind: 'look', run: () => setTheme('system') },
];

function entries() {
    const ids = [...new Set(modules.get().rows.map((m) => m.id))];
    return [
        ...fixed,
        ...services.get().rows.map((r) => ({ title: r.name, kind: 'service', run: () => go(servicePath(r.name)) })),
        ...ids.map((id) => ({ title: id, kind: 'module', run: () => go(modulePath(id)) })),
    ];
}

function best(typed) {
    if (!typed.trim()) return entries().slice(0, most);
    return entries()
        .map((e) => ({ ...e, points: score(typed, e.title) }))
        .filter((e) => e.points !== null)
        .sort((a, b) => b.points - a.points)
        .slice(0, most);
}

export function Palette() {
    useStore(services);
    useStore(modules);
    const [typed, type] = useState('');
    const [at, pick] = useState(0);
    const list = useRef(null);
    useEffect(() => {
        if (services.get().state !== 'ok') loadServices();
        if (modules.get().state !== 'ok') loadModules();
    }, []);
    const found = best(typed);
    const close = () => overlay.set('');
    const take = (entry) => {
        close();
        entry?.run();
    };
    const key = (event) => {
        if (event.key === 'ArrowDown') pick((at + 1) % Math.max(1, found.length));
        else if (event.key === 'ArrowUp') pick((at + found.length - 1) % Math.max(1, found.length));
        else if (event.key === 'Enter') take(found[at]);
        else return;
        event.preventDefault();
    };
    useEffect(() => list.current?.children[at]?.scrollIntoView({ block: 'nearest' }), [at]);
    return html`<${Dialog} label="Go to" cls="palette" onClose=${close}>
        <input autofocus role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant=${found.length ? `palette-${at}` : undefined} aria-label="Page, service or module" placeholder="Page, service or module" spellcheck=${false} autocomplete="off" value=${typed} onInput=${(e) => (type(e.target.value), pick(0))} onKeyDown=${key} />
        ${found.length ? html`<ul id="palette-list" ref=${list} role="listbox" aria-label="Found">${found.map((e, i) => html`<li key=${`${e.kind} ${e.title}`} id=${`palette-${i}`} role="option" aria-selected=${i === at} onClick=${() => take(e)} onMouseMove=${() => at !== i && pick(i)}><span>${e.title}</span><span class="dim">${e.kind}</span></li>`)}</ul>` : html`<p class="dim">Nothing has these letters in its name.</p>`}
    </${Dialog}>`;
}

const keys = [
    ['/', 'to the filter of the page'],
    ['Ctrl K', 'page, service or module by name'],
    ['j  k', 'next and previous row'],
    ['Enter', 'open the row'],
    ['Ctrl Enter', 'execute the call'],
    ['Esc', 'leave a filter, close a dialog'],
    ['?', 'this list'],
];

export function Help() {
    const close = () => overlay.set('');
    return html`<${Dialog} label="Keys" cls="help" onClose=${close}><h2>Keys</h2>
        <div class="help-grid">${[...places.map(([key, title]) => [`g ${key}`, title]), ...keys].map(([key, what]) => html`<div key=${key}><span>${what}</span><kbd>${key}</kbd></div>`)}</div>
        <p class="dim">Each page's address holds its filters: copy it to show somebody what you see. <a href="/_/about">All of this is JSON, too</a>, and <a href="?plain">this page is there without script</a>.</p>
        <div class="dialog-foot"><button autofocus onClick=${close}>Close</button></div></${Dialog}>`;
}
