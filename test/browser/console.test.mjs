// SPDX-License-Identifier: Apache-2.0
import { test } from './tests.mjs';

test('console: a command is run, its error is shown, and it can be had again', async (visit) => {
    visit.expects(/4\d\d/); // the error
    const page = await visit.at('open', '/_/console');
    const line = page.getByRole('main').getByRole('textbox').or(page.getByRole('main').getByRole('combobox')).first();
    await line.fill('list services');
    await page.keyboard.press('Enter');
    await page.getByText('go.micro.srv.greeter').first().waitFor();
    await line.fill('get service go.micro.srv.nobody');
    await page.keyboard.press('Enter');
    await page.getByText(/no service|not found|nobody/i).last().waitFor();
    await line.fill('');
    await page.keyboard.press('ArrowUp');
    await page.waitForFunction(() => /nobody/.test(document.activeElement.value));
});

test('console: a line that is typed before the commands are known is run when they are', async (visit) => {
    const context = await visit.context();
    let answer;
    const asked = new Promise((now) => {
        context.route('**/_/commands', (route) => {
            answer = () => route.continue();
            now();
        });
    });
    const page = await visit.at('open', '/_/console', { context });
    await asked;
    await page.getByRole('main').getByRole('combobox').fill('list services');
    await page.keyboard.press('Enter');
    await answer();
    await page.getByText('go.micro.srv.greeter').first().waitFor();
});
