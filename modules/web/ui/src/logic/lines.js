// SPDX-License-Identifier: Apache-2.0
// Lines of traffic: each has points of one step, oldest first, all ending at the same time.

export const columns = ['requests', 'errors', 'p50_ms', 'p90_ms', 'p99_ms', 'open', 'busy', 'bytes'];
export const column = Object.fromEntries(columns.map((name, i) => [name, i]));

export const keyOf = (kind, name, detail) => `${kind}\n${name}\n${detail}`;

/// {end, step, most, lines: Map(key -> {kind, name, detail, points})}
export function fromSnapshot(said) {
    const lines = new Map();
    for (const { kind, name, detail, points } of said.rows) lines.set(keyOf(kind, name, detail), { kind, name, detail, points });
    return { end: said.end_ms, step: said.step_ms, lines };
}

/// How many steps lie between what is known and the event; 0: it is known already.
export const stepsTo = (ring, end) => Math.max(0, Math.round((end - ring.end) / ring.step));

/// The ring with the points of an event of `end_ms` appended, at most `most` a line. Lines that the event leaves out get a gap.
export function appended(ring, event, most) {
    const missed = stepsTo(ring, event.end_ms) - 1;
    if (missed < 0) return ring;
    const lines = new Map(ring.lines);
    const came = new Map(event.rows.map(([kind, name, detail, ...values]) => [keyOf(kind, name, detail), { kind, name, detail, values }]));
    const gap = columns.map(() => null);
    const gaps = Array.from({ length: Math.min(missed, most) }, () => gap);
    for (const [key, line] of lines) lines.set(key, { ...line, points: [...line.points, ...gaps, came.get(key)?.values ?? gap].slice(-most) });
    for (const [key, { kind, name, detail, values }] of came) if (!lines.has(key)) lines.set(key, { kind, name, detail, points: [values] });
    return { ...ring, end: event.end_ms, lines };
}

/// The last point, and the mean of a column over the last `n` points that have one.
export const lastOf = (line) => line?.points[line.points.length - 1] ?? [];

export function meanOf(line, index, n) {
    let sum = 0;
    let found = 0;
    for (const point of line.points.slice(-n))
        if (typeof point[index] === 'number') {
            sum += point[index];
            found += 1;
        }
    return found ? sum / found : null;
}

/// [[seconds since 1970...], [values of a column...], ...] as a chart takes it, always over the whole window.
export function series(ring, line, names, most) {
    const x = [];
    const ys = names.map(() => []);
    const points = line?.points ?? [];
    for (let i = 0; i < most; ++i) {
        x.push((ring.end - (most - 1 - i) * ring.step) / 1000);
        const point = points[points.length - most + i];
        names.forEach((name, k) => ys[k].push(point?.[column[name]] ?? null));
    }
    return [x, ...ys];
}
