// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { matcher, score } from '../src/logic/filter.js';
import { jsonProblem } from '../src/logic/json_problem.js';
import { LineSplitter } from '../src/logic/ndjson.js';
import { commandLine, curlLine, quoted, timeoutProblem, withoutSecrets } from '../src/logic/snippets.js';

test('all words of a filter have to fit; a word with a field looks only there', () => {
    const rows = [{ name: 'go.micro.srv.Orders', state: 'alive' }, { name: 'go.micro.web.gone-fishing', state: 'alive' }, { name: 'old', state: 'gone' }];
    const found = (text) => rows.filter(matcher(text, (r) => r.name, { state: (r) => [r.state] })).map((r) => r.name);
    assert.deepEqual(found('MICRO orders'), ['go.micro.srv.Orders']);
    assert.deepEqual(found('state:gone'), ['old']);
    assert.deepEqual(found('gone'), ['go.micro.web.gone-fishing']);
    assert.deepEqual(found('nothing:x'), []);
    assert.equal(found('').length, 3);
});

test('letters at the starts of words and together are found first', () => {
    assert.equal(score('xyz', 'go.micro.srv.orders'), null);
    assert.ok(score('ord', 'go.micro.srv.orders') > score('ord', 'go.micro.srv.forwarder'));
});

test('a mistake in JSON is found where it is, in every browser the same', () => {
    assert.equal(jsonProblem(' {"a": [1, -2.5e3, "x\\u00e9", null, true]} '), null);
    const at = (text) => ((p) => `${p.line}:${p.column} ${p.message}`)(jsonProblem(text));
    assert.equal(at('{\n  "a": 1,\n}'), '3:1 expected a name in quotes, found "}"');
    assert.equal(at('{"a" 1}'), '1:6 expected ":", found "1"');
    assert.equal(at('[1 2]'), '1:4 expected "," or "]", found "2"');
    assert.equal(at('{"a": nul}'), '1:7 expected a value, found "n"');
    assert.equal(at('"abc'), '1:5 expected the closing quote, found the end');
    assert.equal(at('{} x'), '1:4 expected nothing more, found "x"');
    assert.ok(jsonProblem('['.repeat(100_000)));
});

test('lines that come in pieces are put together', () => {
    const lines = new LineSplitter();
    assert.deepEqual([lines.push('{"a"'), lines.push(':1}\n{"b":2}\r\n\n{"c'), lines.push('":3}'), lines.end(), lines.end()], [[], ['{"a":1}', '{"b":2}'], [], ['{"c":3}'], []]);
});

test('a shell gets from a line exactly what the form had', () => {
    const body = '{"name": "it\'s $HOME `x` \\"q\\""}';
    const call = { service: 'go.micro.srv.a', endpoint: 'Say.Hello', body, headers: [['Tenant', "a'b"]], timeout: '3', address: '127.0.0.1:9', stream: true };
    const words = (line) => execFileSync('sh', ['-c', `for w in ${line.replace(/^\w+ /, '').replaceAll('\\\n', ' ')}; do printf '%s\\n' "$w"; done`], { encoding: 'utf8' }).trim().split('\n');
    const curl = words(curlLine(call, 'http://127.0.0.1:8082', false));
    assert.ok(curl.includes('Timeout: 3') && curl.includes("Tenant: a'b") && curl.includes('-N'));
    assert.deepEqual(JSON.parse(curl[curl.length - 1]), { service: call.service, endpoint: call.endpoint, address: call.address, request: JSON.parse(body) });
    const cli = words(commandLine(call));
    assert.deepEqual(cli.slice(0, 3), ['stream', 'go.micro.srv.a', 'Say.Hello']);
    assert.deepEqual(JSON.parse(cli[3]), JSON.parse(body));
    assert.equal(quoted(''), "''");
});

test('a timeout is seconds with a fraction, or has a unit', () => {
    for (const good of ['', '5', '0.5', '.5', '250ms', '1.5s', '0.25ms']) assert.equal(timeoutProblem(good), '', good);
    for (const bad of ['0', '0.0', '0ms', '1.', '.', '-1', '5m', '1e3', '1,5', 's', '5 s', '1234567']) assert.ok(timeoutProblem(bad), bad);
    const line = (timeout) => commandLine({ service: 's', endpoint: 'e', body: '{}', timeout }).split(' ').pop();
    assert.deepEqual(['5', '0.5', '.5', '250ms', '1.5s'].map(line), ['5s', '0.5s', '0.5s', '250ms', '1.5s']);
});

test('secrets are neither kept nor shown', () => {
    const call = { service: 's', endpoint: 'e', body: '{}', headers: [['Authorization', 'Bearer abc'], ['X-Api-Key', 'abc'], ['Tenant', 'acme']] };
    assert.deepEqual(withoutSecrets(call).headers, [['Authorization', ''], ['X-Api-Key', ''], ['Tenant', 'acme']]);
    for (const line of [curlLine(call, 'http://h', true), curlLine(call, 'http://h', false), commandLine(call)]) assert.ok(!line.includes('abc'), line);
});
