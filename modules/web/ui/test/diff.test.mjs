// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diff, folded } from '../src/logic/diff.js';

const shown = (a, b) => diff(a, b).map(([kind, line]) => kind + line);

test('lines that are in both stand once, the others say of which they are', () => {
    assert.deepEqual(shown('a\nb\nc', 'a\nx\nc'), [' a', '-b', '+x', ' c']);
    assert.deepEqual(shown('a\nb', 'a\nb'), [' a', ' b']);
    assert.deepEqual(shown('a\na', 'a'), [' a', '-a']);
    assert.deepEqual(shown('', 'a'), ['-', '+a']);
    assert.deepEqual(shown('x\na\nb\nc\ny', 'a\nb\nz\nc'), ['-x', ' a', ' b', '+z', ' c', '-y']);
});

test('either text can be made from the difference again', () => {
    let seed = 7;
    const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
    for (let i = 0; i < 200; ++i) {
        const [a, b] = [0, 0].map(() => Array.from({ length: random(12) }, () => 'abc'[random(3)]).join('\n'));
        const lines = diff(a, b);
        assert.equal(lines.filter(([k]) => k !== '+').map(([, l]) => l).join('\n'), a);
        assert.equal(lines.filter(([k]) => k !== '-').map(([, l]) => l).join('\n'), b);
    }
});

test('long texts take no long time, and what is the same far from a change is left out', () => {
    const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i}`);
    const other = lines.map((l, i) => (i === 25_000 ? 'changed' : l));
    assert.deepEqual(folded(diff(lines.join('\n'), other.join('\n')), 1), [['…', 24_999], [' ', 'line 24999'], ['-', 'line 25000'], ['+', 'changed'], [' ', 'line 25001'], ['…', 24_998]]);
    const began = performance.now();
    assert.equal(diff(lines.join('\n'), lines.map((l) => `${l}!`).join('\n')).length, 100_000);
    assert.ok(performance.now() - began < 2000);
    assert.deepEqual(folded([[' ', 'a'], [' ', 'b']]), [['…', 2]]);
});
