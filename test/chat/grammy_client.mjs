// SPDX-License-Identifier: Apache-2.0
// A bot of grammy, a client of Telegram's Bot API, at the address that is given: it answers each text, /table with a table.
import { Bot } from "grammy";

const [apiRoot, token] = process.argv.slice(2);
const bot = new Bot(token, { client: { apiRoot } });

bot.command("table", (context) => context.reply("<pre>a &lt; b</pre>", { parse_mode: "HTML" }));
bot.command("bad", (context) => context.reply("a < b", { parse_mode: "HTML" }).catch((problem) => context.reply(`refused: ${problem.error_code}`)));
bot.on("message:text", (context) => context.reply(`heard: ${context.message.text}`));
bot.catch((problem) => console.error(problem.message));
process.stdin.on("end", () => bot.stop()).resume();
bot.start({ onStart: (me) => console.log(me.username) });
