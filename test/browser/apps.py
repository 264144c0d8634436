#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A web service for the browser: apps.py NAME registers go.micro.web.NAME and serves

  /             a page with script, image and websocket of its own
  /ws           a websocket that says what it is told
  /events       server-sent events
  /big?bytes=N  N bytes that are not all alike; /big.sha256?bytes=N: what they hash to
  /headers      the fields of the request, as JSON
  /evil         a page that does what it should not: see evil.js
  /worker.js    a service worker that asks for the whole origin
  /forge        answers with a cookie of the dashboard's name
"""
import atexit
import base64
import hashlib
import json
import os
import signal
import struct
import sys
import urllib.parse
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import wire

HTML, SCRIPT = ("Content-Type", "text/html; charset=utf-8"), ("Content-Type", "text/javascript")
PAGE = """<!doctype html><html lang="en"><title>{name}</title><link rel="icon" href="data:,"><h1>The app {name}</h1><p id="said"></p>
<script src="{base}/app.js"></script>"""
APP = """const socket = new WebSocket(`ws://${location.host}BASE/ws`);
socket.onopen = () => socket.send('hello');
socket.onmessage = (m) => { document.getElementById('said').textContent = `the socket says ${m.data}`; };"""
EVIL = """<!doctype html><html lang="en"><title>evil</title><link rel="icon" href="data:,"><h1>Nothing to see</h1>
<iframe name="inside" title="inside" src="/_/modules"></iframe><script src="{base}/evil.js"></script>"""
BLOCK = bytes(range(256)) * 256
ENDS = {signal.SIGTERM, signal.SIGINT}


def blocks(count):
    """That many bytes; no two blocks are alike, so one that is lost, doubled or moved changes the hash."""
    number = 0
    while count > 0:
        part = struct.pack("!Q", number) + BLOCK
        yield part[:count]
        count -= len(part)
        number += 1


def echo_frames(request, sock):
    """RFC 6455 for messages of one frame below 64 KiB."""
    accept = hashlib.sha1(request["Sec-WebSocket-Key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "
                 + base64.b64encode(accept) + b"\r\n\r\n")
    reader = wire.Reader(sock)
    while True:
        first, size = reader.exactly(2)
        size &= 127
        if size == 126:
            (size,) = struct.unpack("!H", reader.exactly(2))
        mask = reader.exactly(4)
        payload = bytes(b ^ mask[i % 4] for i, b in enumerate(reader.exactly(size)))
        head = struct.pack("!BB", first, size) if size < 126 else struct.pack("!BBH", first, 126, size)
        sock.sendall(head + payload)
        if first & 15 == 8:
            return None


def send_big(sock, count):
    sock.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {count}\r\n\r\n".encode())
    for part in blocks(count):
        sock.sendall(part)


def send_events(sock):
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    for number in range(3):
        sock.sendall(f"data: {number}\n\n".encode())
    while wire.receive(sock):
        pass


def hashed(count):
    digest = hashlib.sha256()
    for part in blocks(count):
        digest.update(part)
    return digest.hexdigest()


def reply(name, request, sock):
    url = urllib.parse.urlsplit(request.target)
    count = int(dict(urllib.parse.parse_qsl(url.query)).get("bytes", 0))
    base = request["X-Micro-Web-Base-Path"] or ""
    if url.path == "/ws" and request["Upgrade"]:
        return echo_frames(request, sock)
    if url.path == "/big":
        return send_big(sock, count) or b""
    if url.path == "/events":
        return send_events(sock)
    texts = {
        "/": (PAGE.format(name=name, base=base), HTML),
        "/app.js": (APP.replace("BASE", base), SCRIPT),
        "/evil": (EVIL.format(base=base), HTML),
        "/evil.js": ((HERE / "evil.js").read_text().replace("BASE", base), SCRIPT),
        "/worker.js": ("self.onfetch = (e) => e.respondWith(new Response('taken over'));", SCRIPT, ("Service-Worker-Allowed", "/")),
        "/forge": ("forged", *(("Set-Cookie", f"{c}=forged; Path=/") for c in COOKIES), ("Set-Cookie", "own=1; Path=/")),
        "/headers": (json.dumps(request.headers), ("Content-Type", "application/json")),
        "/big.sha256": (hashed(count), ("Content-Type", "text/plain")),
    }
    body, *headers = texts.get(url.path, ("there is no such page", ("Content-Type", "text/plain")))
    return wire.answer(body, "200 OK" if url.path in texts else "404 Not Found", headers=headers)


# The dashboard's cookie, with and without TLS.
COOKIES = ("microhost", "__Host-microhost")


def main():
    name = sys.argv[1]
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)  # in the threads to come, too
    server = wire.Upstream(lambda request, sock: reply(name, request, sock), record=False)
    node = f"go.micro.web.{name}-1"
    content = {
        "format": 1, "name": f"go.micro.web.{name}", "version": "1.0.0", "metadata": None, "endpoints": [], "ttl_s": 60,
        "nodes": [{"id": node, "address": server.address, "metadata": None}], "owner_pid": os.getppid(),  # so that it is still looked for when it was killed
    }
    path = Path(os.environ["MICROHOST_RUNTIME_DIR"], "registry/v1", f"{node}.json")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_suffix(".tmp")
    partial.write_text(json.dumps(content))
    partial.replace(path)
    atexit.register(path.unlink, missing_ok=True)
    while signal.sigtimedwait(ENDS, 2) is None:
        os.utime(path)


if __name__ == "__main__":
    sys.exit(main())
