// SPDX-License-Identifier: Apache-2.0

/// A function that says whether a row fits the text: all its words have to be there, in any case. A word `field:text` looks only there; fields:
/// {name: (row) => [strings]}.
export function matcher(text, textOf, fields = {}) {
    const tests = text
        .toLowerCase()
        .split(/\s+/)
        .filter(Boolean)
        .map((word) => {
            const [, field, wanted] = /^([a-z]+):(.*)$/.exec(word) ?? [];
            if (field && Object.hasOwn(fields, field)) return (row) => fields[field](row).some((v) => String(v).toLowerCase().startsWith(wanted));
            return (row) => textOf(row).toLowerCase().includes(word);
        });
    return (row) => tests.every((test) => test(row));
}

/// How well `typed` fits `name`, letter by letter; null when it does not. Higher is better: letters together, and at the starts of words.
export function score(typed, name) {
    const a = typed.toLowerCase().replace(/\s+/g, '');
    const b = name.toLowerCase();
    let at = -1;
    let points = 0;
    for (const letter of a) {
        const next = b.indexOf(letter, at + 1);
        if (next < 0) return null;
        if (next === at + 1) points += 3;
        if (next === 0 || /[^a-z0-9]/.test(b[next - 1])) points += 2;
        at = next;
    }
    return points - b.length / 50 + (b.includes(a) ? 5 : 0);
}
