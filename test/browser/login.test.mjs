// SPDX-License-Identifier: Apache-2.0
// Who may what.
import assert from 'node:assert/strict';
import { skip, test, worlds } from './tests.mjs';
import { fillIn, logIn } from './login.mjs';

const needsUsers = () => worlds.guarded || skip('nobody can log in yet');

/// A write as a script of the page does it, with the cookie and with what headers it likes.
const post = (page, path, body, headers = {}) => page.evaluate(async ([to, text, more]) => {
    const answer = await fetch(to, { method: 'POST', body: text, headers: { 'Content-Type': 'application/json', ...more } });
    return { status: answer.status, text: await answer.text() };
}, [path, body, headers]);

const RELOAD = ['/_/commands/modules/reload', '{"args":{"id":"limit"}}'];

test('login: a page that was asked for is there after the log-in, and gone after the log-out', async (visit) => {
    needsUsers();
    const page = await logIn(visit, 'ben', '/services?q=greeter');
    await page.waitForURL(/\/services\?q=greeter/);
    await page.getByRole('link', { name: 'go.micro.srv.greeter' }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel(/Password/).waitFor();
    await page.goto(`${worlds.guarded.url}/_/modules`);
    await page.getByLabel(/Password/).waitFor();
});

test('login: a wrong password is refused, and which part was wrong is not told', async (visit) => {
    needsUsers();
    visit.expects(/401/);
    const page = await visit.at('guarded', '/services');
    await fillIn(page, 'ben', 'wrong');
    const said = page.getByRole('alert').filter({ hasText: /./ });
    await said.waitFor();
    const text = await said.innerText();
    await page.reload();
    await fillIn(page, 'nobody-is-called-so', 'wrong');
    await said.waitFor();
    assert.equal(await said.innerText(), text);
});

test('login: a viewer has no buttons, and the API refuses her as well', async (visit) => {
    needsUsers();
    visit.expects(/403/);
    const page = await logIn(visit, 'anna', '/_/modules');
    await page.getByRole('heading', { level: 1, name: 'Modules' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /Reload|Unload/, disabled: false }).count(), 0);
    const { csrf } = await page.evaluate(async () => (await fetch('/_/api/session')).json());
    for (const headers of [{}, { 'X-Microhost-CSRF': csrf }]) {
        assert.equal((await post(page, ...RELOAD, headers)).status, 403);
        assert.equal((await post(page, '/rpc', '{"service":"go.micro.srv.greeter","endpoint":"Say.Hello","request":{}}', headers)).status, 403);
    }
});

test('login: an operator without the token of the page changes nothing', async (visit) => {
    needsUsers();
    visit.expects(/403/);
    const page = await logIn(visit, 'ben', '/_/modules');
    for (const headers of [{}, { 'X-Microhost-CSRF': '' }, { 'X-Microhost-CSRF': 'guessed' }]) {
        const answer = await post(page, ...RELOAD, headers);
        assert.equal(answer.status, 403, answer.text);
        assert.match(answer.text, /CSRF|token/i);
    }
});

test('login: without a session the API tells nothing', async () => {
    needsUsers();
    for (const path of ['services', 'modules', 'config', 'sources', 'logs', 'traffic?ring=seconds']) {
        assert.equal((await fetch(`${worlds.guarded.url}/_/api/${path}`)).status, 401, path);
    }
    assert.equal((await fetch(`${worlds.guarded.url}/_/events`)).status, 401);
});
