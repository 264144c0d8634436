// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementsOf, fields, groupsOf, placeOf, textOf, valueText } from '../src/logic/config.js';
import { matcher } from '../src/logic/filter.js';

const value = (path, more) => ({ path, value: 1, origin: 'default', source: '', live: true, secret: false, doc: '', ...more });

test('paths have elements, and those with a dot stand in quotes', () => {
    assert.deepEqual(elementsOf('modules.api.address'), ['modules', 'api', 'address']);
    assert.deepEqual(elementsOf('modules."a.b \\"c\\"".x'), ['modules', 'a.b "c"', 'x']);
    assert.deepEqual(placeOf('host.limits.body_bytes'), { kind: 'host', name: 'limits', option: 'body_bytes' });
    assert.deepEqual(placeOf('host.name'), { kind: 'host', name: '', option: 'name' });
    assert.deepEqual(placeOf('load'), { kind: 'host', name: '', option: 'load' });
    assert.deepEqual(placeOf('modules.stamp'), { kind: 'modules', name: 'stamp', option: '' });
    assert.deepEqual(placeOf('listeners'), { kind: 'listeners', name: '', option: '' });
    assert.deepEqual(placeOf('filters.slowly.config.rate'), { kind: 'filters', name: 'slowly', option: 'config.rate' });
});

test('values stand in tables: the host, its parts, listeners, filters, modules', () => {
    const paths = ['filters.a.use', 'host.limits.x', 'host.loops', 'listeners.api.address', 'load', 'modules.web.address', 'modules.api.address', 'modules.api.cors'];
    const groups = groupsOf(paths.map((p) => value(p)));
    assert.deepEqual(groups.map((g) => [g.kind, g.name, g.values.map((v) => v.option).join()]), [
        ['host', '', 'loops,load'], ['host', 'limits', 'x'], ['listeners', 'api', 'address'], ['filters', 'a', 'use'], ['modules', 'web', 'address'], ['modules', 'api', 'address,cors'],
    ]);
    assert.deepEqual(groupsOf([value('modules.stamp', { value: {} }), value('filters', { value: {} })]), [{ kind: 'modules', name: 'stamp', values: [] }]);
});

test('values are found by path, text and where they come from', () => {
    const values = [value('modules.api.address', { value: ':8080', origin: 'flag', source: '--api_address' }), value('modules.web.token', { secret: true, value: undefined, live: false }), value('host.loops', { doc: 'request loops' })];
    const found = (q) => values.filter(matcher(q, textOf, fields)).map((v) => v.path);
    assert.deepEqual(found('origin:flag'), ['modules.api.address']);
    assert.deepEqual(found('8080'), ['modules.api.address']);
    assert.deepEqual(found('live:no'), ['modules.web.token']);
    assert.deepEqual(found('name:web'), ['modules.web.token']);
    assert.deepEqual(found('REQUEST'), ['host.loops']);
    assert.deepEqual([valueText(''), valueText('a'), valueText(['a', 'b']), valueText(false), valueText(undefined)], ['""', 'a', '[a, b]', 'false', '']);
});
