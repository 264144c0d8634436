// SPDX-License-Identifier: Apache-2.0
import { ask, problemOf, send } from '../api.js';
import { collect, nothing } from '../logic/command_lines.js';
import { readLines } from '../logic/ndjson.js';

let known = null;

/// All commands of the host and its modules, with their arguments.
export const listCommands = () => (known ??= ask('/_/commands').catch((problem) => ((known = null), Promise.reject(problem))));

export const forgetCommands = () => (known = null);

/// Runs one. onChange(output): after each line, as collect() has it. Throws a Problem when it did not start.
export async function runCommand(name, args, { signal, onChange } = {}) {
    const path = name.split(' ').map(encodeURIComponent).join('/');
    const response = await send(`/_/commands/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ args }), signal });
    if (!response.ok) throw await problemOf(response);
    let output = nothing;
    await readLines(response, (line) => {
        output = collect(output, line);
        onChange?.(output);
    });
    return output;
}
