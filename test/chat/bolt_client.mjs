// SPDX-License-Identifier: Apache-2.0
// Slack's own client, as somebody would write a bot with it: it answers mentions in their thread, and /micro through its acknowledgement.
//
//     node bolt_client.mjs http://127.0.0.1:PORT/api/        prints "ready"; ends when its standard input does
import bolt from "@slack/bolt";

const quiet = { debug() {}, info() {}, warn() {}, error: console.error, setLevel() {}, getLevel: () => "error", setName() {} };
const app = new bolt.App({
  token: "xoxb-right",
  appToken: "xapp-right",
  socketMode: true,
  logger: quiet,
  clientOptions: { slackApiUrl: process.argv[2] },
});
app.event("app_mention", async ({ event, say }) => {
  await say({ text: `heard: ${event.text}`, thread_ts: event.thread_ts ?? event.ts });
});
app.command("/micro", async ({ command, ack, respond }) => {
  await ack({ text: `running ${command.text}` });
  await respond({ text: `done ${command.text}`, response_type: "in_channel" });
});
await app.start();
console.log("ready");
process.stdin.on("end", () => process.exit(0)).resume();
