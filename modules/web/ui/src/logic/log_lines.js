// SPDX-License-Identifier: Apache-2.0

const grades = ['trace', 'debug', 'info', 'warn', 'error'];

const shown = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/// wanted: {level, module, text, request}, each may be ''. A module's name stands for what is below it, too: host is host.registry.
export function logFilter({ level, module, text, request }) {
    const least = grades.indexOf(level);
    const part = text.toLowerCase();
    const has = (value) => String(value).toLowerCase().includes(part);
    return (line) =>
        grades.indexOf(line.level) >= least &&
        (!module || line.module === module || line.module.startsWith(`${module}.`)) &&
        (!request || (line.request_id ?? '').startsWith(request)) &&
        (!part || has(line.text) || Object.entries(line.fields ?? {}).some(([k, v]) => has(`${k}=${shown(v)}`)));
}

/// What is wanted, in words.
export const textOf = (wanted) =>
    Object.entries(wanted)
        .filter(([, value]) => value)
        .map(([key, value]) => `${key} “${value}”`)
        .join(', ');

export function lineText(line) {
    const fields = Object.entries(line.fields ?? {}).map(([k, v]) => ` ${k}=${/[\s"]/.test(shown(v)) ? JSON.stringify(shown(v)) : shown(v)}`);
    const request = line.request_id ? ` request_id=${line.request_id}` : '';
    return `${new Date(line.time).toISOString()} ${line.level.toUpperCase().padEnd(5)} ${line.module}  ${line.text}${fields.join('')}${request}`;
}
