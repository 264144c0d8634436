// SPDX-License-Identifier: Apache-2.0
// Values of the configuration, as /_/api/config has them.

/// In this order; what is none of them is the host's.
export const kinds = [['host', 'Host'], ['listeners', 'Listeners'], ['filters', 'Filters'], ['modules', 'Modules']];

/// modules."a.b".x is ["modules", "a.b", "x"].
export const elementsOf = (path) => [...path.matchAll(/"(?:[^"\\]|\\.)*"|[^.]+/g)].map(([e]) => (e.startsWith('"') ? JSON.parse(e) : e));

/// Which table a value stands in, and what it is called there: {kind, name, option}. Tables of the host have names, too: "limits".
export function placeOf(path) {
    const [first, name = '', ...option] = elementsOf(path);
    if (!kinds.some(([kind]) => kind === first)) return { kind: 'host', name: '', option: path };
    if (first === 'host' && !option.length) return { kind: 'host', name: '', option: name };
    return { kind: first, name, option: option.join('.') };
}

/// Values of one table each, in the order of `kinds` and then as they come: {kind, name, values}; each value has its `option`.
export function groupsOf(values) {
    const groups = new Map();
    for (const value of values) {
        const { kind, name, option } = placeOf(value.path);
        const key = JSON.stringify([kind, name]);
        if (!groups.has(key)) groups.set(key, { kind, name, values: [] });
        // a module without options, or no listener at all, is an empty table
        if (option) groups.get(key).values.push({ ...value, option });
    }
    const order = (g) => kinds.findIndex(([kind]) => kind === g.kind) * 2 + (g.name ? 1 : 0);
    return [...groups.values()].filter((g) => g.name || g.values.length).sort((a, b) => order(a) - order(b));
}

/// A value as it is read: text without quotes, lists with room to be broken.
export function valueText(value) {
    if (value === undefined) return '';
    if (typeof value === 'string') return value || '""';
    return Array.isArray(value) ? `[${value.map(valueText).join(', ')}]` : JSON.stringify(value);
}

/// What words of a filter look at: `origin:flag`, `live:no`, `name:api`.
export const fields = {
    origin: (v) => [v.origin],
    source: (v) => [v.source],
    live: (v) => [v.live ? 'yes' : 'no'],
    name: (v) => [placeOf(v.path).name],
};
export const textOf = (v) => `${v.path} ${valueText(v.value)} ${v.source} ${v.doc}`;
