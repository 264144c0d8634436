// SPDX-License-Identifier: Apache-2.0
// Reload and unload, after a question.
import { useState } from 'preact/hooks';
import { hasRole, session } from '../api.js';
import { runCommand } from '../data/commands.js';
import { modules, newest } from '../data/modules.js';
import { html } from '../html.js';
import { useStore } from '../store.js';
import { Dialog } from './parts.js';

const actions = {
    reload: { title: 'Reload', command: 'modules reload', text: 'Its file is taken again. Requests that are under way end in the generation that runs now; new ones go to the new one.' },
    unload: { title: 'Unload', command: 'modules unload', danger: true, text: 'It takes no more requests, those under way end, then it is removed. What it serves is gone until it is loaded again.' },
    release: { title: 'Release', command: 'modules release', text: 'Its quarantine ends, and it is loaded. It was put there because it crashed the process.' },
};

const possible = (m) => (m.state === 'quarantined' ? ['release'] : m.state === 'running' || m.state === 'failed' ? ['reload', 'unload'] : []);

export function Actions({ module: m, small }) {
    const who = useStore(session);
    const [asked, ask] = useState(null);
    const may = hasRole(who, 'operator');
    const hint = may ? undefined : `needs the role operator; you are ${who.role}`;
    return html`<span class="actions">${possible(m).filter((key) => !small || key !== 'unload').map((key) => html`<button key=${key} class=${small ? 'small' : ''} disabled=${!may} title=${hint} onClick=${() => ask(key)}>${actions[key].title}${small ? html`<span class="sr"> ${m.id}</span>` : ''}</button>`)}
        ${asked && html`<${Confirm} module=${m} action=${actions[asked]} onClose=${() => ask(null)} />`}</span>`;
}

function Confirm({ module: m, action, onClose }) {
    const [now, set] = useState({ state: 'asking' });
    const { rows } = useStore(modules);
    const current = newest(rows, m.id);
    const run = async () => {
        set({ state: 'running' });
        try {
            const output = await runCommand(action.command, { id: m.id });
            if (output.exit) throw new Error(output.errors.join('; ') || `it ended with ${output.exit}`);
            set({ state: 'done', text: [output.text.trim(), ...output.notes].filter(Boolean).join('\n') });
        } catch (problem) {
            // a module that serves this very page ends the answer by being replaced
            const replaced = (problem.status === 0 || problem instanceof TypeError) && m.id === 'web';
            set(replaced ? { state: 'done', text: 'The answer broke off, as is to be expected of the module that serves this page.' } : { state: 'failed', text: problem.message });
        }
    };
    return html`<${Dialog} label=${`${action.title} ${m.id}`} onClose=${onClose}>
        <h2>${action.title} ${m.id}?</h2>
        ${now.state === 'asking' && html`<p>${action.text}</p>`}
        <p class="dim">Generation ${current?.generation ?? m.generation}, ${current?.state ?? 'gone'}${current && current.generation !== m.generation ? html` <strong class="good-text">was ${m.generation}</strong>` : ''}</p>
        <div role="status">${now.state === 'running' && html`<p>${action.title}ing …</p>`}
            ${now.state === 'done' && html`<div class="notice">${now.text || 'Done.'}</div>`}
            ${now.state === 'failed' && html`<div class="trouble"><strong>${now.text}</strong></div>`}</div>
        <div class="dialog-foot">${now.state === 'done'
            ? html`<button class="main" autofocus onClick=${onClose}>Close</button>`
            : html`<button onClick=${onClose}>Cancel</button><button class=${action.danger ? 'danger' : 'main'} autofocus disabled=${now.state === 'running'} onClick=${run}>${now.state === 'failed' ? 'Try again' : action.title}</button>`}</div>
    </${Dialog}>`;
}
