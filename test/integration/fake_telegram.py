# SPDX-License-Identifier: Apache-2.0
"""Telegram's Bot API as far as a bot needs it, over HTTP on loopback. test/chat holds it against grammy, a client that is used
with the real one.

    with fake_telegram.Telegram() as telegram:
        telegram.says("ping", user="ada")
        telegram.wait_for_answer("pong")
"""
import html.parser
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import harness

TOKEN = "4711:AAnot-for_any-log"
ADA, GROUP = 1001, -100200


class Refused(Exception):
    def __init__(self, code, description, **parameters):
        super().__init__(description)
        self.code, self.body = code, {"ok": False, "error_code": code, "description": description}
        if parameters:
            self.body["parameters"] = parameters


class Text(html.parser.HTMLParser):
    """What is left of a text in HTML; Telegram takes few tags, all of them closed, and no bare < or &."""

    ALLOWED = {"b", "i", "u", "s", "code", "pre"}

    def __init__(self, text):
        super().__init__(convert_charrefs=False)
        self.open, self.text = [], ""
        self.feed(text)
        self.close()
        if self.open:
            raise Refused(400, f"Bad Request: can't parse entities: Can't find end tag corresponding to start tag {self.open[-1]}")

    def handle_starttag(self, tag, attributes):
        if tag not in self.ALLOWED:
            raise Refused(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise Refused(400, "Bad Request: can't parse entities: Unexpected end tag")

    def handle_data(self, data):
        if "<" in data or "&" in data:
            raise Refused(400, "Bad Request: can't parse entities")
        self.text += data

    def handle_entityref(self, name):
        self.text += {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}[name]

    def handle_charref(self, name):
        self.text += chr(int(name[1:], 16) if name.startswith("x") else int(name))


class Telegram:
    def __init__(self, token=TOKEN):
        self.token, self.changed = token, threading.Condition()
        self.updates, self.next_id, self.polls, self.sent, self.calls = [], 1, 0, [], []
        self.refusals, self.stopped = [], False  # of the next calls: (method, Refused)
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                owner.answer(self)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self.changed:
            self.stopped = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()

    # ---- what people do

    def says(self, text, user="ada", user_id=ADA, chat=None, **more):
        """In a direct chat, or in GROUP."""
        chat = {"id": chat, "type": "supergroup", "title": "ops"} if chat else {"id": user_id, "type": "private"}
        with self.changed:
            update = {"update_id": 5000 + self.next_id, "message": {
                "message_id": self.next_id, "date": int(time.time()), "text": text, "chat": chat,
                "from": {"id": user_id, "is_bot": False, "first_name": user.title(), "username": user}, **more}}
            self.next_id += 1
            self.updates.append(update)
            self.changed.notify_all()

    def refuse(self, method, code, description, times=1, **parameters):
        with self.changed:
            self.refusals += [(method, Refused(code, description, **parameters))] * times

    def wait_for_answer(self, text, chat=None, seconds=10):
        """The message that the bot sent with that text in it."""
        def found():
            with self.changed:
                return next((m for m in self.sent if text in m["text"] and chat in (None, m["chat"])), None)

        return harness.wait_for(found, seconds, f"an answer with {text!r} among {self.sent}")

    def count(self, method):
        with self.changed:
            return self.calls.count(method)

    # ---- what the API does

    def answer(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        try:
            _, bot, method = request.path.split("/")
            result = self.call(bot.removeprefix("bot"), method, json.loads(body or b"{}"))
            code, said = 200, {"ok": True, "result": result}
        except Refused as refused:
            code, said = refused.code, refused.body
        except ValueError:
            code, said = 404, {"ok": False, "error_code": 404, "description": "Not Found"}
        data = json.dumps(said).encode()
        try:
            request.send_response(code)
            request.send_header("Content-Type", "application/json")
            request.send_header("Content-Length", str(len(data)))
            request.end_headers()
            request.wfile.write(data)
        except OSError:
            pass

    def call(self, token, method, body):
        with self.changed:
            self.calls.append(method)
            if ":" not in token:
                raise Refused(404, "Not Found")
            if token != self.token:
                raise Refused(401, "Unauthorized")
            for i, (name, refused) in enumerate(self.refusals):
                if name == method:
                    del self.refusals[i]
                    raise refused
            if method == "getMe":
                return {"id": 4711, "is_bot": True, "first_name": "Micro", "username": "micro_bot", "can_join_groups": True,
                        "can_read_all_group_messages": False, "supports_inline_queries": False}
            if method == "getUpdates":
                return self.get_updates(body)
            if method == "sendMessage":
                return self.send_message(body)
            if method == "deleteWebhook":
                return True
            raise Refused(404, "Not Found: method not found")

    def get_updates(self, body):
        """A second poll ends the first one, as there."""
        self.polls += 1
        mine = self.polls
        self.changed.notify_all()
        offset = body.get("offset", 0)
        self.updates = [u for u in self.updates if u["update_id"] >= offset]
        self.changed.wait_for(lambda: self.updates or self.stopped or self.polls != mine, min(body.get("timeout", 0), 50))
        if self.polls != mine:
            raise Refused(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
        return self.updates[:body.get("limit", 100)]

    def send_message(self, body):
        text, chat = body["text"], body["chat_id"]
        plain = Text(text).text if body.get("parse_mode") == "HTML" else text
        if not plain.strip():
            raise Refused(400, "Bad Request: message text is empty")
        if len(plain) > 4096:
            raise Refused(400, "Bad Request: message is too long")
        self.sent.append({"chat": chat, "text": plain, "raw": text, "at": time.monotonic(), "thread": body.get("message_thread_id")})
        self.changed.notify_all()
        return {"message_id": len(self.sent), "date": int(time.time()), "chat": {"id": chat, "type": "private"}, "text": plain}
