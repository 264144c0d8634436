// SPDX-License-Identifier: Apache-2.0
// A web service that has been taken over, in the browser of somebody who is logged in: evil.js tries everything.
import assert from 'node:assert/strict';
import { settings, skip, test, worlds } from './tests.mjs';
import { logIn } from './login.mjs';

async function attacked(visit, page) {
    visit.expects(/./); // it is told no in many ways
    await page.goto(new URL('/evil/evil', page.url()).href);
    const report = await page.waitForFunction(() => window.report, null, { timeout: 20000 * settings.slow });
    return report.jsonValue();
}

async function generations(url, headers = {}) {
    const answer = await fetch(`${url}/_/api/modules`, { headers });
    const { modules = [] } = answer.ok ? await answer.json() : {};
    return modules.filter((m) => m.id === 'limit').map((m) => m.generation);
}

test('hostile: a web service reaches nothing where nobody has to log in', async (visit) => {
    const page = await visit.at('open', '/services');
    await page.getByRole('heading', { level: 1 }).waitFor();
    const before = await generations(worlds.open.url);
    assert.deepEqual(await attacked(visit, page), []);
    assert.deepEqual(await generations(worlds.open.url), before, 'nothing was reloaded');
});

test('hostile: a web service reaches nothing of an admin who is logged in', async (visit) => {
    if (!worlds.guarded) skip('nobody can log in yet');
    const page = await logIn(visit, 'carla');
    const watching = await visit.at('guarded', '/services', { context: page.context() }); // tabs share the stream of events
    await watching.getByRole('link', { name: 'go.micro.srv.greeter' }).waitFor();
    assert.deepEqual(await attacked(visit, page), []);
    assert.equal(await watching.getByText('go.micro.srv.forged').count(), 0, 'a page believes what a web service says');
    await page.goto(`${worlds.guarded.url}/_/modules`);
    // In plain text a script can cover the cookie with one of its own, and then none counts (README, proxy_address). Without those: still who she was,
    // her cookie was not overwritten, her session not ended.
    for (const path of ['/_/', '/_/api']) await page.context().clearCookies({ path });
    await page.goto(`${worlds.guarded.url}/_/modules`);
    await page.getByText('carla').first().waitFor();
    await page.getByRole('heading', { level: 1, name: 'Modules' }).waitFor();
});

test('hostile: our cookie is not sent to a web service', async (visit) => {
    if (!worlds.guarded) skip('nobody can log in yet');
    const page = await logIn(visit, 'carla');
    await page.goto(`${worlds.guarded.url}/app/headers`);
    const fields = JSON.parse(await page.locator('body').innerText());
    const [session] = (await page.context().cookies()).filter((c) => /microhost/.test(c.name));
    assert.ok(session && session.httpOnly && session.sameSite === 'Strict', JSON.stringify(session));
    assert.ok(!JSON.stringify(fields).includes(session.value), 'the session reached the web service');
});
