// SPDX-License-Identifier: Apache-2.0
// What is typed in the console, and what comes back.

/// Words as a shell would cut them. {words, open}: `open` is true inside quotes.
export function wordsOf(line) {
    const words = [];
    let word = null;
    let quote = '';
    for (let i = 0; i < line.length; ++i) {
        const c = line[i];
        if (quote) {
            if (c === quote) quote = '';
            else if (c === '\\' && quote === '"' && i + 1 < line.length) word += line[++i];
            else word += c;
        } else if (c === '"' || c === "'") {
            quote = c;
            word ??= '';
        } else if (/\s/.test(c)) {
            if (word !== null) words.push(word);
            word = null;
        } else word = (word ?? '') + (c === '\\' && i + 1 < line.length ? line[++i] : c);
    }
    if (word !== null) words.push(word);
    return { words, open: quote !== '' };
}

/// The command with the longest name that the words begin with.
export function commandOf(commands, words) {
    let found = null;
    for (const c of commands) {
        const name = c.name.split(' ');
        if (name.length <= words.length && name.every((part, i) => part === words[i]) && name.length > (found?.name.split(' ').length ?? 0)) found = c;
    }
    return found;
}

function typed(arg, text) {
    if (arg.type === 'integer' && /^-?\d+$/.test(text)) return Number(text);
    if (arg.type === 'bool') return text === 'true';
    return text;
}

/// {args} or {problem}. Short flags of one letter are those of a bool's or text's first letter.
export function argumentsOf(command, rest) {
    const args = {};
    const put = (arg, text) => (args[arg.name] = arg.repeated ? [...(args[arg.name] ?? []), typed(arg, text)] : typed(arg, text));
    const positional = command.args.filter((a) => a.positional);
    let at = 0;
    for (let i = 0; i < rest.length; ++i) {
        const flag = /^--?([a-zA-Z][\w-]*)(?:=(.*))?$/s.exec(rest[i]);
        if (!flag) {
            const arg = positional[at];
            if (!arg) return { problem: `"${rest[i]}" is one argument too many` };
            put(arg, rest[i]);
            if (!arg.repeated) at += 1;
            continue;
        }
        const arg = command.args.find((a) => a.name === flag[1] || (flag[1].length === 1 && a.name.startsWith(flag[1]) && !a.positional));
        if (!arg) return { problem: `${command.name} has no --${flag[1]}` };
        if (flag[2] !== undefined) put(arg, flag[2]);
        else if (arg.type === 'bool') put(arg, 'true');
        else if (i + 1 < rest.length) put(arg, rest[++i]);
        else return { problem: `--${arg.name} needs a value` };
    }
    const missing = command.args.find((a) => a.required && !(a.name in args));
    return missing ? { problem: `${command.name} needs ${missing.name}: ${missing.summary}` } : { args };
}

/// What could come next: [{text, hint}] for the whole line.
export function completions(commands, line, moduleIds = []) {
    const { words } = wordsOf(line);
    const last = /\s$/.test(line) || line === '' ? '' : (words.pop() ?? '');
    const command = commandOf(commands, words);
    const before = line.slice(0, line.length - last.length);
    const out = [];
    const add = (word, hint) => word.startsWith(last) && out.push({ text: before + word, word, hint });
    const typedName = words.join(' ') + (words.length ? ' ' : '');
    const seen = new Set();
    for (const c of commands)
        if (c.name.startsWith(typedName) && c.name.length > typedName.length) {
            const next = c.name.slice(typedName.length).split(' ')[0];
            const whole = typedName + next === c.name;
            if (!seen.has(next)) add(next, whole ? c.summary : `${next} …`);
            seen.add(next);
        }
    if (!command) return out;
    const previous = command.args.find((a) => `--${a.name}` === words[words.length - 1] && a.type !== 'bool');
    const values = (a) => (a.choices === '@module' ? moduleIds : a.choices?.startsWith('@') ? [] : (a.choices ?? '').split('|').filter(Boolean));
    if (previous) values(previous).forEach((v) => add(v, previous.summary));
    else {
        const given = words.length - command.name.split(' ').length;
        const next = command.args.filter((a) => a.positional)[given];
        if (next && !last.startsWith('-')) values(next).forEach((v) => add(v, next.summary));
        for (const a of command.args) if (!a.positional) add(`--${a.name}`, a.summary);
    }
    return out;
}

/// Takes one line of an answer into {columns, rows, text, json, notes, errors, exit}.
export function collect(output, line) {
    const one = JSON.parse(line);
    const next = { ...output };
    if (one.columns) next.columns = one.columns;
    if (one.row) next.rows = [...output.rows, one.row];
    if ('json' in one) next.json = [...output.json, one.json];
    if (typeof one.text === 'string') next.text = (output.text + one.text).slice(-400_000);
    if (one.note) next.notes = [...output.notes, one.note];
    if (one.error) next.errors = [...output.errors, one.error];
    if (one.end) next.exit = one.end.exit;
    return next;
}

export const nothing = { columns: null, rows: [], json: [], text: '', notes: [], errors: [], exit: null };

export const cellText = (cell) => (cell && typeof cell === 'object' && 'text' in cell ? cell.text : typeof cell === 'string' ? cell : cell === null || cell === undefined ? '' : JSON.stringify(cell));
export const cellValue = (cell) => (cell && typeof cell === 'object' && 'value' in cell ? cell.value : cell);

/// The rows as objects, for JSON.
export const objects = (output) => output.rows.map((row) => Object.fromEntries((output.columns ?? []).map((name, i) => [name, cellValue(row[i])])));
