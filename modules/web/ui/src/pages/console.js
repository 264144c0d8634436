// SPDX-License-Identifier: Apache-2.0
// Commands of the host and its modules, typed. No shell: nothing here starts a program.
import { useEffect, useRef, useState } from 'preact/hooks';
import { hasRole, session } from '../api.js';
import { listCommands, runCommand } from '../data/commands.js';
import { modules, useModules } from '../data/modules.js';
import { ms } from '../format.js';
import { html } from '../html.js';
import { argumentsOf, cellText, cellValue, commandOf, completions, nothing, objects, wordsOf } from '../logic/command_lines.js';
import { setQuery } from '../router.js';
import { useStore } from '../store.js';
import { Badge, Choice, Code, Page, Trouble } from '../widgets/parts.js';

const place = 'microhost.console';
const mostKept = 200;
const mostRuns = 50;

const kept = () => {
    try {
        const lines = JSON.parse(localStorage.getItem(place) ?? '[]');
        return Array.isArray(lines) ? lines.filter((l) => typeof l === 'string') : [];
    } catch {
        return [];
    }
};

function keep(line) {
    const lines = [...kept().filter((l) => l !== line), line].slice(-mostKept);
    try {
        localStorage.setItem(place, JSON.stringify(lines));
    } catch {
        // not remembered, then
    }
}

let number = 0;
// stays while other pages are looked at
let runsBefore = [];

function useRuns() {
    const [runs, set] = useState(runsBefore);
    const change = (fn) => set((now) => (runsBefore = fn(now)));
    const update = (id, changes) => change((now) => now.map((r) => (r.id === id ? { ...r, ...changes } : r)));
    const start = async (line, command, args) => {
        const id = (number += 1);
        const aborter = new AbortController();
        const began = performance.now();
        change((now) => [...now, { id, line, state: 'running', output: nothing, cancel: () => aborter.abort() }].slice(-mostRuns));
        let pending = null;
        const onChange = (output) => {
            pending ??= setTimeout(() => ((pending = null), update(id, { output: latest })), 80);
            latest = output;
        };
        let latest = nothing;
        const end = (changes) => (clearTimeout(pending), update(id, { output: latest, took: performance.now() - began, ...changes }));
        try {
            const output = await runCommand(command.name, args, { signal: aborter.signal, onChange });
            end({ state: 'done', output });
        } catch (problem) {
            end(problem.name === 'AbortError' ? { state: 'cancelled' } : { state: 'failed', problem });
        }
    };
    const refuse = (line, text) => change((now) => [...now, { id: (number += 1), line, state: 'failed', output: { ...nothing, errors: [text] } }].slice(-mostRuns));
    return { runs, start, refuse, clear: () => change(() => []) };
}

export function Output({ run }) {
    const { output } = run;
    const [as, choose] = useState('table');
    const views = [output.columns && ['table', 'Table'], (output.rows.length || output.json.length) && ['json', 'JSON'], output.columns && ['text', 'Text']].filter(Boolean);
    const value = output.json.length === 1 ? output.json[0] : output.json.length ? output.json : objects(output);
    const tone = run.state === 'running' ? 'loading' : run.state === 'cancelled' ? 'warn' : run.problem || output.exit || output.errors.length ? 'failed' : 'ok';
    const word = run.state === 'done' ? (output.exit ? `exit ${output.exit}` : 'ok') : run.state;
    const shown = output.rows.slice(-1000);
    const numeric = (k) => shown.length > 0 && shown.every((row) => typeof cellValue(row[k]) === 'number');
    const classes = (output.columns ?? []).map((_, k) => (numeric(k) ? 'num' : ''));
    return html`<li class="run"><div class="run-head"><code>${run.line}</code><${Badge} state=${tone} text=${word} />${run.took !== undefined && html`<span class="dim num">${ms(run.took)}</span>`}
            <span class="tools">${views.length > 1 && html`<${Choice} label="Show as" options=${views} value=${as} onChange=${choose} />`}${run.state === 'running' && html`<button class="small" onClick=${run.cancel}>Cancel</button>`}</span></div>
        ${output.notes.map((n, i) => html`<p class="dim" key=${i}>${n}</p>`)}
        ${output.columns && as === 'table' && html`<div class="scroll-x" tabindex="0" role="region" aria-label="Table"><table class="data"><caption class="sr">${run.line}</caption><thead><tr>${output.columns.map((c, k) => html`<th scope="col" key=${c} class=${classes[k]}>${c}</th>`)}</tr></thead><tbody>${shown.map((row, i) => html`<tr key=${i}>${row.map((cell, k) => html`<td key=${k} class=${classes[k] || 'cut'}>${cellText(cell)}</td>`)}</tr>`)}</tbody></table></div>`}
        ${output.columns && as === 'text' && html`<${Code} text=${[output.columns, ...output.rows.map((r) => r.map(cellText))].map((r) => r.join('\t')).join('\n')} label="Answer" />`}
        ${(as === 'json' && output.columns) || output.json.length ? html`<${Code} text=${JSON.stringify(value, null, 2)} label="Answer" />` : ''}
        ${output.text && html`<${Code} text=${output.text.replace(/\n$/, '')} label="Answer" />`}
        ${output.errors.map((e, i) => html`<div class="trouble" key=${i}><strong>${e}</strong></div>`)}
        ${run.problem && html`<${Trouble} problem=${run.problem} />`}
    </li>`;
}

function useCommands() {
    const [said, set] = useState({ commands: [], loading: true });
    useEffect(() => void listCommands().then((commands) => set({ commands }), (problem) => set({ commands: [], problem })), []);
    return said;
}

function Prompt({ commands, onRun, first }) {
    const [line, type] = useState(first);
    const [at, pick] = useState(0);
    const [open, setOpen] = useState(false);
    const back = useRef(0);
    const field = useRef(null);
    useEffect(() => field.current?.focus(), []);
    const ids = [...new Set(useStore(modules).rows.map((m) => m.id))];
    const found = completions(commands, line, ids).slice(0, 10);
    const edit = (text) => {
        type(text);
        pick(0);
        setOpen(true);
        back.current = 0;
    };
    const take = (c) => {
        edit(`${c.text} `);
        field.current.focus();
    };
    const recall = (step) => {
        const lines = kept();
        back.current = Math.max(0, Math.min(lines.length, back.current + step));
        type(back.current ? lines[lines.length - back.current] : '');
    };
    const key = (event) => {
        const shown = open && found.length > 0;
        if (event.key === 'Tab' && !event.shiftKey && found.length && line) take(found[shown ? at : 0]);
        else if (event.key === 'ArrowDown' && shown && line) pick((at + 1) % found.length);
        else if (event.key === 'ArrowUp' && shown && line && back.current === 0 && at > 0) pick(at - 1);
        else if (event.key === 'ArrowUp') (setOpen(false), recall(1));
        else if (event.key === 'ArrowDown') recall(-1);
        else if (event.key === 'Escape' && open) setOpen(false);
        else if (event.key === 'Enter' && line.trim()) {
            setOpen(false);
            onRun(line.trim());
            type('');
            back.current = 0;
        } else return;
        event.preventDefault();
    };
    const shown = open && line && found.length > 0;
    return html`<div class="prompt"><label for="prompt"><span aria-hidden="true">microhost</span><span class="sr">Command</span></label>
        <input id="prompt" ref=${field} class="mono" data-filter role="combobox" aria-expanded=${Boolean(shown)} aria-controls="completions" aria-activedescendant=${shown ? `completion-${at}` : undefined} aria-autocomplete="list" value=${line} spellcheck=${false} autocomplete="off" autocapitalize="off" placeholder="modules list" onInput=${(e) => edit(e.target.value)} onKeyDown=${key} onBlur=${() => setTimeout(() => setOpen(false), 150)} />
        <ul id="completions" role="listbox" aria-label="Completions" hidden=${!shown}>${found.map((c, i) => html`<li key=${c.text} id=${`completion-${i}`} role="option" aria-selected=${i === at} onMouseDown=${(e) => (e.preventDefault(), take(c))}><code>${c.word}</code><span class="dim">${c.hint}</span></li>`)}</ul></div>`;
}

const usage = (c) => [c.name, ...c.args.filter((a) => a.positional).map((a) => (a.required ? a.name.toUpperCase() : `[${a.name.toUpperCase()}]`)), ...c.args.filter((a) => !a.positional).map((a) => `[--${a.name}]`)].join(' ');

function helpText(c) {
    const args = c.args.map((a) => `  ${(a.positional ? a.name.toUpperCase() : `--${a.name}`).padEnd(18)} ${a.summary}${a.choices && !a.choices.startsWith('@') ? ` (${a.choices.replaceAll('|', ', ')})` : ''}${a.default ? `; ${a.default} without it` : ''}`);
    return [usage(c), c.summary, '', ...args, c.help ? `\n${c.help}` : '', c.examples ? `\n${c.examples}` : ''].join('\n').trim();
}

export function Console({ query }) {
    useModules();
    const who = useStore(session);
    const { commands, problem, loading } = useCommands();
    const [early, hold] = useState([]); // lines typed before the commands are known
    const { runs, start, refuse, clear } = useRuns();
    const [help, explain] = useState(null);
    const end = useRef(null);
    useEffect(() => end.current?.scrollIntoView({ block: 'nearest' }), [runs.length]);
    const run = (line) => {
        const { words, open } = wordsOf(line.replace(/^microhost\s+/, ''));
        const command = commandOf(commands, words);
        // a secret is to be typed again
        if (!command?.args.some((a) => a.secret)) keep(line);
        if (open) return refuse(line, 'a quote is not closed');
        if (words[0] === 'clear') return clear();
        if (!command) return refuse(line, `there is no command "${words.join(' ')}"; the list below has all`);
        const rest = words.slice(command.name.split(' ').length);
        if (rest.includes('--help') || rest.includes('-h')) return explain(command);
        const { args, problem: wrong } = argumentsOf(command, rest);
        if (wrong) return refuse(line, wrong);
        return start(command.args.some((a) => a.secret && a.name in args) ? `${command.name} …` : line, command, args);
    };
    useEffect(() => {
        if (loading || !early.length) return;
        hold([]);
        early.forEach(run);
    }, [loading, early]);
    return html`<${Page} title="Console" tools=${html`<button onClick=${clear} disabled=${!runs.length}>Clear</button>`}>
        <p class="summary">The host's commands, as in a terminal. <kbd>Tab</kbd> completes, <kbd>↑</kbd> brings back, <code>--help</code> explains. This is no shell.</p>
        ${problem && html`<${Trouble} problem=${problem} />`}
        <ol class="runs" aria-live="polite">${runs.map((r) => html`<${Output} key=${r.id} run=${r} />`)}</ol>
        ${help && html`<div class="run"><div class="run-head"><code>${help.name} --help</code><span class="tools"><button class="small" onClick=${() => explain(null)}>Close</button></span></div><${Code} text=${helpText(help)} label="Help" /></div>`}
        <${Prompt} key=${query.get('run')} commands=${commands} onRun=${(line) => (explain(null), loading ? hold((lines) => [...lines, line]) : run(line))} first=${query.get('run') ?? ''} />
        <div ref=${end}></div>
        <details class="commands" open=${!runs.length}><summary>All commands</summary><ul>${commands.map((c) => html`<li key=${c.name}><button class="link" disabled=${c.allowed === false} onClick=${() => (setQuery({ run: `${c.name} ` }), explain(c))}><code>${c.name}</code></button><span class="dim">${c.summary}${c.role && !hasRole(who, c.role) ? `; needs ${c.role}` : ''}</span></li>`)}</ul></details>
    </${Page}>`;
}
