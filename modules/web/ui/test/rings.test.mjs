// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appended, columns, fromSnapshot, keyOf, meanOf, series, stepsTo } from '../src/logic/lines.js';
import { logFilter, lineText } from '../src/logic/log_lines.js';
import { Ring } from '../src/logic/ring.js';

const point = (requests) => columns.map((c) => (c === 'requests' ? requests : null));
const key = keyOf('service', 'a', '');

test('the log keeps the last lines, in order, each once', () => {
    const ring = new Ring(3);
    assert.equal(ring.push([{ seq: 2 }, { seq: 1 }]), 2);
    assert.equal(ring.push([{ seq: 2 }, { seq: 3 }, { seq: 4 }]), 2);
    assert.deepEqual([ring.filter(() => true).map((l) => l.seq), ring.last, ring.length], [[2, 3, 4], 4, 3]);
    ring.clear();
    assert.deepEqual([ring.last, ring.push([{ seq: 1 }])], [0, 1]);
});

test('an event adds a step; what it leaves out, and steps that were missed, are gaps', () => {
    let ring = fromSnapshot({ end_ms: 10_000, step_ms: 1000, rows: [{ kind: 'service', name: 'a', detail: '', points: [point(1), point(2)] }] });
    assert.equal(appended(ring, { end_ms: 10_000, rows: [] }, 5), ring);
    ring = appended(ring, { end_ms: 11_000, rows: [['service', 'a', '', ...point(3)], ['service', 'b', '', ...point(9)]] }, 5);
    assert.equal(stepsTo(ring, 14_000), 3);
    ring = appended(ring, { end_ms: 13_000, rows: [['service', 'b', '', ...point(8)]] }, 5);
    const values = (k) => ring.lines.get(k).points.map((p) => p[0]);
    assert.deepEqual(values(key), [1, 2, 3, null, null]);
    assert.deepEqual(values(keyOf('service', 'b', '')), [9, null, 8]);
    assert.deepEqual(series(ring, ring.lines.get(key), ['requests'], 6)[1], [null, 1, 2, 3, null, null]);
    assert.equal(series(ring, undefined, ['requests'], 6)[0][5], 13);
    assert.deepEqual([meanOf(ring.lines.get(key), 0, 4), meanOf(ring.lines.get(key), 0, 2)], [2.5, null]);
});

test('lines of the log are found by level, module and what is below it, request and text', () => {
    const line = { seq: 1, time: 0, level: 'warn', module: 'host.registry', request_id: '6f1d', text: 'A file is damaged', fields: { file: 'a b.json' } };
    const fits = (more) => logFilter({ level: '', module: '', text: '', request: '', ...more })(line);
    assert.deepEqual([fits({}), fits({ level: 'warn' }), fits({ level: 'error' })], [true, true, false]);
    assert.deepEqual([fits({ module: 'host' }), fits({ module: 'hos' })], [true, false]);
    assert.deepEqual([fits({ text: 'DAMAGED' }), fits({ text: 'file=a b' }), fits({ text: 'x' })], [true, true, false]);
    assert.deepEqual([fits({ request: '6f' }), fits({ request: '7' })], [true, false]);
    assert.equal(lineText(line), '1970-01-01T00:00:00.000Z WARN  host.registry  A file is damaged file="a b.json" request_id=6f1d');
});
