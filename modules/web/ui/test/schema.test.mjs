// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStream, rowsOf, skeleton } from '../src/logic/schema.js';

const field = (name, type, values = null) => ({ name, type, values });

test('a skeleton has every field that a client sends, empty, and none of those that generated Go code has for itself', () => {
    const request = field('Request', 'Request', [
        field('name', 'string'), field('age', 'int32'), field('vip', 'bool'), field('photo', '[]uint8'), field('tags', '[]string'),
        field('home', 'Address', [field('zip', 'string')]), field('items', '[]Item', [field('price', 'float64')]), field('labels', 'map[string]string'),
        field('any', 'Unknown'), field('state', 'MessageState'), field('sizeCache', 'int32'), field('XXX_sizecache', 'int32'), field('-', 'string'),
    ]);
    assert.deepEqual(skeleton(request), { name: '', age: 0, vip: false, photo: '', tags: [], home: { zip: '' }, items: [{ price: 0 }], labels: {}, any: null });
    assert.deepEqual(rowsOf(request).filter((r) => r.depth === 1).map((r) => r.name), ['zip', 'price']);
});

test('what is not described gives an empty object, and depth without end an end', () => {
    assert.deepEqual([skeleton(null), skeleton(undefined), skeleton(field('Request', 'Request'))], [{}, {}, {}]);
    let deep = field('leaf', 'string');
    for (let i = 0; i < 1000; ++i) deep = field('n', 'N', [deep]);
    assert.ok(JSON.stringify(skeleton(deep)).length < 200);
    assert.ok(rowsOf(deep).length < 50);
});

test('an endpoint says in its metadata that it is a stream', () => {
    assert.deepEqual([isStream({ metadata: { stream: 'true' } }), isStream({ metadata: null }), isStream(undefined)], [true, false, false]);
});
