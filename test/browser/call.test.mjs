// SPDX-License-Identifier: Apache-2.0
// Calling an endpoint from the page: what comes back, and how it is shown.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { settings, test, until } from './tests.mjs';

const SERVICE = '/service/go.micro.srv.greeter';

async function call(page, { endpoint, body, timeout = '', stream }) {
    const form = page.locator('form').filter({ has: page.getByRole('button', { name: 'Execute' }) });
    await form.getByLabel('Endpoint').selectOption(endpoint);
    if (stream !== undefined) await form.getByRole('checkbox', { name: 'Stream' }).setChecked(stream);
    await form.getByLabel('Request').fill(body);
    await form.getByLabel(/Timeout/).fill(timeout);
    await form.getByRole('button', { name: 'Execute' }).click();
    return page.getByRole('region', { name: 'Answer' });
}

test('call: an answer is shown, and the call can be made again', async (visit) => {
    const page = await visit.at('open', SERVICE);
    const answer = await call(page, { endpoint: 'Say.Hello', body: '{"name": "Anna"}' });
    await answer.getByText('200 ok').waitFor();
    await answer.getByText('"name": "Anna"').waitFor();
    await page.reload();
    await page.getByRole('button', { name: /Say\.Hello/ }).last().click(); // from the calls before
    await page.getByRole('region', { name: 'Answer' }).getByText('"name": "Anna"').waitFor();
});

test('call: an error of the service is shown with what it said', async (visit) => {
    visit.expects(/400/);
    const page = await visit.at('open', SERVICE);
    const answer = await call(page, { endpoint: 'Say.Hello', body: '{"do": "fail"}' });
    await answer.getByText('400 failed').waitFor();
    await answer.getByText('you asked for fail').waitFor();
});

test('call: one that is not answered in time is over then', async (visit) => {
    visit.expects(/408|504/);
    const page = await visit.at('open', SERVICE);
    const began = performance.now();
    const answer = await call(page, { endpoint: 'Say.Hello', body: '{"do": "never"}', timeout: '1' });
    await answer.getByText(/(408|504) failed/).waitFor();
    assert.ok(performance.now() - began >= 900, 'before its time');
    await answer.getByText(/time/i).first().waitFor();
});

test('call: its time may be a fraction of a second', async (visit) => {
    visit.expects(/408|504/);
    const page = await visit.at('open', SERVICE);
    for (const timeout of ['0.3', '300ms']) {
        const began = performance.now();
        const answer = await call(page, { endpoint: 'Say.Hello', body: '{"do": "never"}', timeout });
        await answer.getByText(/(408|504) failed/).waitFor();
        const took = performance.now() - began;
        assert.ok(took >= 250 && took < 4500 * settings.slow, `${timeout} took ${took} ms`); // without it: 5 s
    }
    await page.getByLabel(/Timeout/).fill('soon');
    await page.getByText(/or 250ms/).waitFor();
    assert.ok(await page.getByRole('button', { name: 'Execute' }).isDisabled());
});

test('call: two answers are compared', async (visit) => {
    const page = await visit.at('open', SERVICE);
    for (const name of ['Anna', 'Ben']) {
        const answer = await call(page, { endpoint: 'Say.Hello', body: `{"name": "${name}"}` });
        await answer.getByText(`"name": "${name}"`).waitFor();
    }
    const boxes = page.getByRole('checkbox', { name: /Compare the answer/ });
    await boxes.nth(0).check();
    await page.getByText('Choose another answer').waitFor();
    await boxes.nth(1).check();
    const difference = page.getByRole('region', { name: 'Difference' });
    const lines = await difference.getByRole('listitem').allInnerTexts();
    assert.ok(lines.some((l) => /^-[^]*Anna/.test(l)) && lines.some((l) => /^\+[^]*Ben/.test(l)), lines.join(' | '));
    await difference.getByRole('button', { name: 'Close' }).click();
    await page.reload();
    await page.getByText('Calls before').waitFor();
    assert.equal(await boxes.count(), 0, 'answers are not kept in the browser');
});

test('call: the messages of a stream come as they are sent, and it can be left', async (visit) => {
    const page = await visit.at('open', SERVICE);
    const answer = await call(page, { endpoint: 'Say.Stream', body: '{"name": "Anna"}', stream: true });
    for (const text of ['Hello Anna', 'Bonjour Anna', 'Hola Anna']) await answer.getByText(text).waitFor();
    await answer.getByText('3 messages').waitFor();
    const flood = await call(page, { endpoint: 'Streamer.Flood', body: '100000', stream: true });
    await until(async () => Number(/([\d ,.]+) messages/.exec(await flood.innerText())?.[1].replace(/\D/g, '')) > 3, 5, 'some messages');
    await flood.getByRole('button', { name: 'Cancel' }).click();
    await flood.getByText(/cancelled/).waitFor();
});

test('call: what is no JSON is not sent, and where it is wrong is said', async (visit) => {
    const page = await visit.at('open', SERVICE);
    await page.getByLabel('Request').fill('{"name": }');
    await page.getByText(/column 10/).waitFor();
    assert.ok(await page.getByRole('button', { name: 'Execute' }).isDisabled());
});

test('call: the line for a shell really runs', async (visit) => {
    const page = await visit.at('open', SERVICE);
    await page.getByLabel('Endpoint').selectOption('Say.Hello');
    await page.getByLabel('Request').fill('{"name": "it\'s Anna"}');
    const line = await page.getByLabel('Line for a shell').innerText();
    const { stdout } = await promisify(execFile)('bash', ['-c', line], { env: { PATH: process.env.PATH } });
    assert.match(stdout, /it's Anna/);
});
