// SPDX-License-Identifier: Apache-2.0
// What of two texts differs, line by line.

const mostCells = 4_000_000; // of the table below; what is larger counts as replaced as a whole

/// How many lines of a from i on and of b from j on they have in common, in their order: at [i * (b.length + 1) + j].
function common(a, b) {
    const width = b.length + 1;
    const table = new Uint16Array((a.length + 1) * width);
    for (let i = a.length - 1; i >= 0; --i)
        for (let j = b.length - 1; j >= 0; --j)
            table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    return table;
}

function middle(a, b) {
    const out = [];
    let i = 0;
    let j = 0;
    if (a.length * b.length <= mostCells) {
        const table = common(a, b);
        const width = b.length + 1;
        while (i < a.length && j < b.length) {
            if (a[i] === b[j]) out.push([' ', a[i++]]), j++;
            else if (table[(i + 1) * width + j] >= table[i * width + j + 1]) out.push(['-', a[i++]]);
            else out.push(['+', b[j++]]);
        }
    }
    return [...out, ...a.slice(i).map((l) => ['-', l]), ...b.slice(j).map((l) => ['+', l])];
}

/// [[' ' | '-' | '+', line], ...]: what is in both, only in the old text, only in the new one.
export function diff(before, after) {
    const a = before.split('\n');
    const b = after.split('\n');
    let start = 0;
    while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
    let end = 0;
    while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
    const same = (lines) => lines.map((l) => [' ', l]);
    return [...same(a.slice(0, start)), ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)), ...same(a.slice(a.length - end))];
}

/// The lines of a diff with `around` lines of what is in both beside each change; ['…', how many] stands for the others.
export function folded(lines, around = 3) {
    const near = new Uint8Array(lines.length);
    lines.forEach(([kind], i) => kind !== ' ' && near.fill(1, Math.max(0, i - around), i + around + 1));
    const out = [];
    for (let i = 0; i < lines.length; ++i) {
        if (near[i]) out.push(lines[i]);
        else if (out.length && out[out.length - 1][0] === '…') out[out.length - 1][1] += 1;
        else out.push(['…', 1]);
    }
    return out;
}
