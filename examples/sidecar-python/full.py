#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A service that needs nothing but HTTP, with all that it can have there: it answers calls, answers a stream, and hears a topic.

usage: full.py [NAME [TOPIC [PROXY]]]

What it hears is printed. Topics reach it where broker-http.so runs beside the proxy: microhost --load proxy.so --load broker-http.so
"""
import base64, json, os, sys, threading, time, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Service(BaseHTTPRequestHandler):
    protocol_version, wbufsize = "HTTP/1.1", -1

    def do_POST(self):  # every call is POST /, the endpoint is in Micro-Endpoint
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode() or "null"
        if self.path.startswith("/_sub"):  # an event
            event = json.loads(text)
            print("heard", base64.b64decode(event["Body"]).decode(), flush=True)
            return self.answer({})
        if self.headers.get("Micro-Stream") is not None:
            return self.on_message(text)
        self.answer({"msg": "Hello " + name_in(text)})

    # A stream is a connection: each message a POST of the caller or an answer of ours, the end an answer with Micro-Error: EOS.
    # The first POST opens it.

    opened = False

    def on_message(self, text):
        if not self.opened:
            self.opened = True
        elif self.headers.get("Micro-Error") is None:
            for word in "Hello", "Bonjour", "Hola":
                self.answer({"msg": f"{word} {name_in(text)}"}, self.headers["Micro-Stream"])
            self.answer({}, self.headers["Micro-Stream"], "EOS")

    def answer(self, message, stream=None, error=None):
        body = json.dumps(message).encode()
        self.send_response(200)
        fields = {"Content-Type": "application/json", "Content-Length": len(body), "Micro-Stream": stream, "Micro-Id": stream, "Micro-Error": error}
        for field, value in fields.items():
            if value is not None:
                self.send_header(field, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        pass


def name_in(text):
    return (json.loads(text) or {}).get("name", "stranger")


name, topic, proxy = (sys.argv[1:] + ["go.micro.srv.greeter", "greetings", "http://127.0.0.1:8081"][len(sys.argv) - 1:])[:3]
server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()


def described(name, version, metadata, *endpoints):
    node = {"id": f"{name}-{os.getpid()}", "address": f"127.0.0.1:{server.server_port}", "metadata": metadata}
    return {"name": name, "version": version, "nodes": [node], "endpoints": list(endpoints)}


services = [
    described(name, "1.0.0", {"protocol": "mucp"}, {"name": "Say.Hello"}, {"name": "Say.Stream", "metadata": {"stream": "true"}}),
    # Whoever listens to a topic of Micro's HTTP broker is a node of this service.
    described("go.micro.http.broker", "ff.http.broadcast", {"broker": "http", "secure": "false", "topic": topic}),
]


def registry(method, query=""):
    for service in services:
        body, kind = json.dumps(service).encode(), {"Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(f"{proxy}/registry{query}", body, kind, method=method), timeout=5).close()


registry("POST", "?ttl=800ms")
print("registered", flush=True)
try:
    while True:
        time.sleep(0.25)
        registry("POST", "?ttl=800ms")  # who is killed is gone within a second
except KeyboardInterrupt:
    registry("DELETE")
