// SPDX-License-Identifier: Apache-2.0
// Where a text stops being JSON. Browsers say that each in their own words, and some without a place.

class Stop extends Error {
    constructor(at, wanted) {
        super(wanted);
        this.at = at;
    }
}

/// null when the text is JSON, else {line, column, at, message}; line and column count from 1.
export function jsonProblem(text) {
    try {
        JSON.parse(text);
        return null;
    } catch {
        // found again below, with its place
    }
    try {
        const end = space(text, value(text, space(text, 0), 0));
        if (end < text.length) throw new Stop(end, 'nothing more');
    } catch (stop) {
        if (!(stop instanceof Stop)) throw stop;
        const before = text.slice(0, stop.at).split('\n');
        const found = stop.at < text.length ? `found ${JSON.stringify(String.fromCodePoint(text.codePointAt(stop.at)))}` : 'found the end';
        return { line: before.length, column: before[before.length - 1].length + 1, at: stop.at, message: `expected ${stop.message}, ${found}` };
    }
    return { line: 1, column: 1, at: 0, message: 'this is not JSON' };
}

function space(text, at) {
    while (at < text.length && ' \t\n\r'.includes(text[at])) at += 1;
    return at;
}

function value(text, at, depth) {
    if (depth > 200) throw new Stop(at, 'fewer levels');
    if (text[at] === '{') return list(text, at, '}', (i) => member(text, i, depth));
    if (text[at] === '[') return list(text, at, ']', (i) => value(text, i, depth + 1));
    if (text[at] === '"') return string(text, at);
    for (const word of ['true', 'false', 'null']) if (text.startsWith(word, at)) return at + word.length;
    const number = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
    number.lastIndex = at;
    if (!number.test(text)) throw new Stop(at, 'a value');
    return number.lastIndex;
}

function member(text, at, depth) {
    if (text[at] !== '"') throw new Stop(at, 'a name in quotes');
    const colon = space(text, string(text, at));
    if (text[colon] !== ':') throw new Stop(colon, '":"');
    return value(text, space(text, colon + 1), depth + 1);
}

function list(text, at, end, item) {
    at = space(text, at + 1);
    if (text[at] === end) return at + 1;
    for (;;) {
        at = space(text, item(at));
        if (text[at] === end) return at + 1;
        if (text[at] !== ',') throw new Stop(at, `"," or "${end}"`);
        at = space(text, at + 1);
    }
}

function string(text, at) {
    const escape = /\\(["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
    for (let i = at + 1; i < text.length; ) {
        if (text[i] === '"') return i + 1;
        if (text[i] < ' ') throw new Stop(i, 'the closing quote');
        if (text[i] !== '\\') {
            i += 1;
            continue;
        }
        escape.lastIndex = i;
        if (!escape.test(text)) throw new Stop(i, 'an escape that JSON has');
        i = escape.lastIndex;
    }
    throw new Stop(text.length, 'the closing quote');
}
