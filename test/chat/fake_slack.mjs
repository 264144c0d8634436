// SPDX-License-Identifier: Apache-2.0
// Slack as an app sees it: the Web API and Socket Mode, as far as @slack/bolt and the bot use them. One process, loopback only.
//
//     node fake_slack.mjs [CERT KEY]        prints its port; ends when its standard input does
//
// It is told what happens over HTTP: POST /fake/WHAT with JSON; GET /fake/state says what came. Slack's own promises are held against
// the client: an envelope that is not acknowledged within three seconds comes again, over any socket; a ticket is good for one.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { WebSocketServer } from "ws";

const TEAM = "T1", BOT = "UBOT", BOT_ID = "B1";
const ACK_MS = 3000, LEAVE_MS = 1500;
const tokens = { bot: "xoxb-right", app: "xapp-right" };
const tickets = new Set(), sockets = [], limits = [], hooks = new Map();
const state = { posts: [], hooks: [], acks: [], opens: 0, calls: [], late: [], wrong: [] };
const [cert, key] = process.argv.slice(2).map((path) => readFileSync(path));
const [http, ws] = cert ? ["https", "wss"] : ["http", "ws"];
let count = 0, address = "", broken = 0, refuse = {};

const stamp = () => `1700000000.${String(++count).padStart(6, "0")}`;
const live = () => sockets.filter((s) => s.readyState === s.OPEN && s.greeted);

// ---- the Web API

function form(request, body) {
  const type = request.headers["content-type"] ?? "";
  return type.includes("json") ? JSON.parse(body || "{}") : Object.fromEntries(new URLSearchParams(body));
}

const methods = {
  "auth.test": [
    "bot",
    () => ({ ok: true, url: "https://acme.slack.com/", team: "Acme", user: "micro", team_id: TEAM, user_id: BOT, bot_id: BOT_ID }),
  ],
  "apps.connections.open": [
    "app",
    () => {
      const ticket = `ticket-${++count}`;
      tickets.add(ticket);
      state.opens++;
      return { ok: true, url: `${ws}://${address}/link/?ticket=${ticket}&app_id=A1` };
    },
  ],
  "chat.postMessage": [
    "bot",
    (args) => {
      if (!args.channel || !args.text) return { ok: false, error: "no_text" };
      if (args.channel === "CGONE") return { ok: false, error: "channel_not_found" };
      const ts = stamp();
      state.posts.push({ channel: args.channel, text: args.text, thread_ts: args.thread_ts ?? "", at: Date.now() });
      return { ok: true, channel: args.channel, ts, message: { text: args.text, user: BOT, bot_id: BOT_ID, ts } };
    },
  ],
  "users.info": ["bot", (args) => ({ ok: true, user: { id: args.user, name: args.user.toLowerCase() } })],
};

function call(method, request, body) {
  state.calls.push(method);
  const limit = limits.findIndex((l) => l.method === method);
  if (limit >= 0) {
    const [{ retry_after }] = limits.splice(limit, 1);
    return [429, { ok: false, error: "ratelimited" }, { "Retry-After": String(retry_after) }];
  }
  if (!methods[method]) return [200, { ok: false, error: "unknown_method" }];
  const [kind, answer] = methods[method];
  const token = (request.headers.authorization ?? "").replace(/^Bearer /, "");
  if (refuse[method]) return [200, { ok: false, error: refuse[method] }];
  if (token !== tokens[kind]) {
    const known = Object.values(tokens).includes(token);
    return [200, { ok: false, error: !token ? "not_authed" : known ? "not_allowed_token_type" : "invalid_auth" }];
  }
  return [200, answer(form(request, body))];
}

function hook(id, body) {
  const uses = hooks.get(id);
  if (uses === undefined || uses >= 5) return [404, { ok: false, error: "used_url" }];
  hooks.set(id, uses + 1);
  state.hooks.push({ id, ...JSON.parse(body) });
  return [200, { ok: true }];
}

// ---- Socket Mode

/// To one socket, whichever: of several Slack takes any.
function deliver(envelope, attempt = 0) {
  const to = live().filter((s) => !s.silent);
  const socket = envelope.over === "oldest" ? to[0] : envelope.over === "newest" ? to.at(-1) : to[count++ % to.length];
  const { over, ...frame } = envelope;
  if (!socket) return parked.push([envelope, attempt + 1]);
  socket.send(JSON.stringify({ ...frame, retry_attempt: attempt, retry_reason: attempt ? "timeout" : "" }));
  const sent = Date.now();
  const timer = setTimeout(() => {
    if (attempt >= 3) return;
    state.late.push({ envelope: frame.envelope_id, attempt });
    deliver({ ...envelope, envelope_id: `${frame.envelope_id}+` }, attempt + 1);
  }, ACK_MS);
  waiting.set(frame.envelope_id, { timer, sent });
}
const waiting = new Map();
const parked = []; // nobody was there

function acknowledged(text) {
  let ack;
  try {
    ack = JSON.parse(text);
  } catch {
    return state.wrong.push("an answer that is no JSON");
  }
  const of = waiting.get(ack.envelope_id);
  if (!of) return state.wrong.push(`an acknowledgement of nothing: ${ack.envelope_id}`);
  clearTimeout(of.timer);
  waiting.delete(ack.envelope_id);
  state.acks.push({ envelope: ack.envelope_id, ms: Date.now() - of.sent, payload: ack.payload ?? null });
}

function greet(socket) {
  socket.greeted = true;
  socket.send(JSON.stringify({
    type: "hello",
    num_connections: live().length,
    debug_info: { host: "applink-1", build_number: 1, approximate_connection_time: 18060 },
    connection_info: { app_id: "A1" },
  }));
  for (const [envelope, attempt] of parked.splice(0)) deliver(envelope, attempt);
}

let last;
function event(e, over) {
  last = {
    over,
    envelope_id: `env-${++count}`,
    type: "events_api",
    accepts_response_payload: false,
    payload: {
      token: "old", team_id: TEAM, api_app_id: "A1", event: e, type: "event_callback", event_id: `Ev${++count}`, event_time: 1700000000,
      authorizations: [{ enterprise_id: null, team_id: TEAM, user_id: BOT, is_bot: true, is_enterprise_install: false }],
    },
  };
  deliver(last);
}

// ---- what the test says

const orders = {
  /// {text, user, channel, thread_ts, over, ...}: a mention comes twice, as Slack sends it to who listens for both.
  say({ over, ...e }) {
    const message = { user: "U1", channel: "C1", channel_type: "channel", ts: stamp(), team: TEAM, ...e };
    if (message.channel.startsWith("D")) message.channel_type = "im";
    event({ type: "message", ...message }, over);
    if (message.text?.includes(`<@${BOT}>`) && message.channel_type !== "im") event({ type: "app_mention", ...message }, over);
    return { ts: message.ts };
  },
  /// The event that came last, as if its acknowledgement had been lost.
  again() {
    deliver({ ...last, envelope_id: `env-${++count}` }, 1);
  },
  slash({ command = "/micro", text = "", channel = "C1", user = "U1", ...more }) {
    const id = `hook-${++count}`;
    hooks.set(id, 0);
    deliver({
      envelope_id: `env-${++count}`,
      type: "slash_commands",
      accepts_response_payload: true,
      payload: {
        token: "old", team_id: TEAM, team_domain: "acme", channel_id: channel, channel_name: channel.startsWith("D") ? "directmessage" : "ops",
        user_id: user, user_name: "ada", command, text, api_app_id: "A1", is_enterprise_install: "false",
        response_url: `${http}://${address}/hooks/${id}`, trigger_id: `trigger-${++count}`, ...more,
      },
    });
    return { hook: id };
  },
  /// Tells every socket that it will be closed soon, and closes it.
  leave({ reason = "refresh_requested" }) {
    const all = live();
    for (const s of all) {
      s.send(JSON.stringify({ type: "disconnect", reason, debug_info: { host: "applink-1" } }));
      setTimeout(() => s.close(1000), LEAVE_MS).unref();
    }
    return { sockets: all.length };
  },
  /// The network breaks: nobody says goodbye.
  cut() {
    for (const s of live()) s.terminate();
  },
  /// Bytes that no Slack sends, to every socket.
  raw({ text }) {
    for (const s of live()) s.send(text);
  },
  limit({ method = "chat.postMessage", retry_after = 1, times = 1 }) {
    for (let i = 0; i < times; i++) limits.push({ method, retry_after });
  },
  tokens(changed) {
    Object.assign(tokens, changed);
  },
  refuse(changed) {
    refuse = changed;
  },
  /// The next so many tickets end with an error of HTTP.
  breaks({ times }) {
    broken = times;
  },
  clear() {
    for (const key of ["posts", "hooks", "acks", "calls", "late", "wrong"]) state[key] = [];
    state.opens = 0;
  },
};

const server = (cert ? createSecureServer : createServer)({ cert, key }, (request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    const [, first, ...rest] = new URL(request.url, "http://x").pathname.split("/");
    let answer = [404, {}];
    if (first === "api") answer = call(rest.join("/"), request, body);
    else if (first === "hooks") answer = hook(rest[0], body);
    else if (first === "fake" && rest[0] === "state")
      answer = [200, { ...state, sockets: live().length, waiting: waiting.size }];
    else if (first === "fake" && orders[rest[0]]) answer = [200, orders[rest[0]](JSON.parse(body || "{}")) ?? {}];
    const [status, json, headers] = answer;
    response.writeHead(status, { "Content-Type": "application/json; charset=utf-8", ...headers });
    response.end(JSON.stringify(json));
  });
});

const link = new WebSocketServer({ noServer: true, perMessageDeflate: false });
server.on("upgrade", (request, socket, head) => {
  const ticket = new URL(request.url, "http://x").searchParams.get("ticket");
  if (!tickets.delete(ticket) || broken > 0) {
    const [status, more] = broken-- > 0 ? ["503 Service Unavailable", "Retry-After: 1\r\n"] : ["403 Forbidden", ""];
    return socket.end(`HTTP/1.1 ${status}\r\n${more}Content-Length: 0\r\n\r\n`);
  }
  link.handleUpgrade(request, socket, head, (ws) => {
    sockets.push(ws);
    ws.on("message", (data) => acknowledged(String(data)));
    ws.on("error", () => {});
    ws.on("close", () => sockets.splice(sockets.indexOf(ws), 1));
    greet(ws);
  });
});

server.listen(0, "127.0.0.1", () => {
  address = `${cert ? "localhost" : "127.0.0.1"}:${server.address().port}`;
  console.log(server.address().port);
});
process.stdin.on("end", () => process.exit(0)).resume();
