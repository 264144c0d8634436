// SPDX-License-Identifier: Apache-2.0
import { worlds } from './tests.mjs';

export async function fillIn(page, user, password = `sesame of ${user}`) {
    await page.getByLabel(/User/).fill(user);
    await page.getByLabel(/Password/).fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
}

/// A page of the guarded world on which `user` is logged in.
export async function logIn(visit, user, path = '/services') {
    visit.expects(/401/); // what is asked before
    const page = await visit.at('guarded', path);
    await fillIn(page, user);
    await page.getByText(user).first().waitFor();
    await page.waitForURL((url) => url.pathname !== '/_/login');
    return page;
}

export const session = (page) => page.evaluate(async () => (await fetch('/_/api/session')).json());
export const guarded = worlds.guarded;
