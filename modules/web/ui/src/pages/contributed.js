// SPDX-License-Identifier: Apache-2.0
// A page of a module: what its command puts out, again and again; or the way to what a web service of it serves.
import { useEffect, useState } from 'preact/hooks';
import { listCommands, runCommand } from '../data/commands.js';
import { usePages } from '../data/pages.js';
import { html } from '../html.js';
import { argumentsOf, commandOf, nothing, wordsOf } from '../logic/command_lines.js';
import { modulePath } from '../router.js';
import { Page } from '../widgets/parts.js';
import { Output } from './console.js';

const shortest = 1;

async function run(line, options) {
    const failed = (text) => ({ state: 'failed', output: { ...nothing, errors: [text] } });
    const { words } = wordsOf(line);
    const command = commandOf(await listCommands(), words);
    if (!command) return failed(`there is no command "${line}", or you may not run it`);
    const { args, problem } = argumentsOf(command, words.slice(command.name.split(' ').length));
    return problem ? failed(problem) : { state: 'done', output: await runCommand(command.name, args, options) };
}

function useOutput(line, seconds) {
    const [now, set] = useState({ state: 'running', output: nothing });
    useEffect(() => {
        if (!line) return undefined;
        const aborter = new AbortController();
        let timer = null;
        const again = async () => {
            try {
                set(await run(line, { signal: aborter.signal }));
            } catch (problem) {
                if (problem.name === 'AbortError') return;
                set({ state: 'failed', output: nothing, problem });
            }
            if (seconds) timer = setTimeout(again, Math.max(seconds, shortest) * 1000);
        };
        again();
        return () => (clearTimeout(timer), aborter.abort());
    }, [line, seconds]);
    return now;
}

export function Contributed({ params }) {
    const page = usePages()?.filter((p) => p.module === params.id)[Number(params.number)];
    const run = useOutput(page?.command, page?.refresh_s);
    if (!page) return html`<${Page} title="Page"><p class="summary">The module <code>${params.id}</code> has no such page, or it does not run.</p></${Page}>`;
    return html`<${Page} title=${page.title} crumb=${[page.module, modulePath(page.module)]}>
        ${page.command ? html`<ul class="runs"><${Output} run=${{ ...run, line: page.command }} /></ul>` : html`<p><a class="button" href=${page.path}>Open</a></p>`}
    </${Page}>`;
}
