// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentsOf, collect, commandOf, completions, nothing, objects, wordsOf } from '../src/logic/command_lines.js';

const arg = (name, more) => ({ name, type: 'text', summary: name, ...more });
const commands = [
    { name: 'logs', summary: 'Lines', args: [arg('level', { choices: 'info|warn' }), arg('lines', { type: 'integer' }), arg('follow', { type: 'bool' })] },
    { name: 'modules get', summary: 'One', args: [arg('id', { positional: true, required: true, choices: '@module' })] },
    { name: 'modules list', summary: 'All', args: [] },
    { name: 'publish', summary: 'Says', args: [arg('topic', { positional: true, required: true }), arg('message', { positional: true }), arg('header', { repeated: true })] },
];

test('words are cut as a shell cuts them', () => {
    assert.deepEqual(wordsOf(`publish a '{"x": 1}' "b \\"c" d\\ e`), { words: ['publish', 'a', '{"x": 1}', 'b "c', 'd e'], open: false });
    assert.equal(wordsOf("a 'b").open, true);
    assert.equal(commandOf(commands, ['modules', 'get', 'api']).name, 'modules get');
    assert.equal(commandOf(commands, ['modules']), null);
});

test('arguments get their types, and what is wrong is said before anything is sent', () => {
    assert.deepEqual(argumentsOf(commands[0], ['--level', 'warn', '--lines=5', '-f']), { args: { level: 'warn', lines: 5, follow: true } });
    assert.deepEqual(argumentsOf(commands[3], ['t', '{}', '--header', 'a=1', '--header', 'b=2']), { args: { topic: 't', message: '{}', header: ['a=1', 'b=2'] } });
    assert.match(argumentsOf(commands[1], []).problem, /needs id/);
    assert.match(argumentsOf(commands[1], ['a', 'b']).problem, /too many/);
    assert.match(argumentsOf(commands[0], ['--nope']).problem, /no --nope/);
    assert.match(argumentsOf(commands[0], ['--level']).problem, /needs a value/);
});

test('names, values and flags are completed', () => {
    const texts = (line) => completions(commands, line, ['api', 'web']).map((c) => c.text);
    assert.deepEqual(texts('mod'), ['modules']);
    assert.deepEqual(texts('modules '), ['modules get', 'modules list']);
    assert.deepEqual(texts('modules get '), ['modules get api', 'modules get web']);
    assert.deepEqual(texts('logs --level w'), ['logs --level warn']);
    assert.deepEqual(texts('logs --f'), ['logs --follow']);
});

test('lines of an answer are put together', () => {
    const lines = ['{"columns":["id","took"]}', '{"row":["api",{"text":"1.5 s","value":1500}]}', '{"note":"n"}', '{"error":"e"}', '{"end":{"exit":1}}'];
    const output = lines.reduce(collect, nothing);
    assert.deepEqual(objects(output), [{ id: 'api', took: 1500 }]);
    assert.deepEqual([output.notes, output.errors, output.exit], [['n'], ['e'], 1]);
});
