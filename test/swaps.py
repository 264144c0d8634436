#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Modules are replaced again and again under load: an access filter, a filter of bodies, and the gateway itself.

usage: swaps.py [--swaps 60] [--seconds 0]     500 and 600 for the long one

All of it is judged from outside. Every answer is right and has passed both filters; the generation that each filter stamps into
it never goes back on a connection; no connection is closed; one download and one websocket last from the first swap to the last and
lose no byte; who has no key never gets in; memory and open files of the second half are as in the first.
"""
import argparse
import hashlib
import itertools
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "integration"))
import harness
import plugins
import wire

KEY = ("X-Key", "right")
FILTERS = {"gate": {}, "body": {"phase": "transform", "open_door": True, "body": True}}
ORDER = ("gate", "body", "api")
MEMORY_ALLOWED, FILES_ALLOWED = 1 << 20, 6
PIECE = bytes(range(256)) * 8
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n"
UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
           ("Sec-WebSocket-Version", "13"), KEY]


def configuration(folder):
    return {
        "load": ["api.so", *(str(folder / f"{id}.so") for id in FILTERS)],
        "host": {"loops": 2},
        "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
        "modules": {"api": {"handler": "web", "namespace": "go.micro.api"}},
        "filters": {"front": {"use": "gate"}, "inside": {"use": "body", "match": {"path_prefix": "/up/echo"}}},
    }


class Service:
    """Echoes bodies at /up/echo and bytes after an upgrade at /up/socket; /up/download goes on until `enough`."""

    def __init__(self):
        self.enough, self.sent, self.pieces = threading.Event(), hashlib.sha256(), 0
        self.upstream = wire.Upstream(self.answer, record=False)

    def answer(self, request, sock):
        if request.target.startswith("/up/download"):
            return self.download(sock)
        if request.target.startswith("/up/socket"):
            sock.sendall(SWITCH)
            while part := sock.recv(4096):
                sock.sendall(part)
            return None
        return wire.answer(request.body)

    def download(self, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not self.enough.wait(0.02):
            sock.sendall(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
            self.sent.update(PIECE)
            self.pieces += 1
        return b"0\r\n\r\n"


class Client(threading.Thread):
    """Does one() until told to stop; the first problem ends it."""

    def __init__(self, port, stop):
        super().__init__(daemon=True)
        self.port, self.stop, self.count, self.problem = port, stop, 0, None
        self.start()

    def run(self):
        try:
            with wire.Client(self.port) as client:
                self.begin(client)
                while not self.stop.is_set():
                    self.one(client)
                    self.count += 1
                self.end(client)
        except Exception as problem:
            self.problem = f"{type(self).__name__}, after {self.count}: {problem!r}"

    def begin(self, client): ...

    def end(self, client): ...


class Echo(Client):
    """Bodies come back behind the number of the generation that saw them, and no generation is older than the one before it."""

    newest = (0, 0)

    def one(self, client):
        body = os.urandom(64).hex() * (1 + self.count % 40)
        got = client.request("POST", "/up/echo", [KEY], body)
        seen = tuple(int(got.get(f"X-{id}") or 0) for id in FILTERS)
        stamp, _, rest = got.text.partition(":")
        if got.status != 200 or rest != body or int(stamp) != seen[1]:
            raise AssertionError(f"{got!r}, not what was sent")
        if seen < self.newest or seen[1] < self.newest[1]:
            raise AssertionError(f"generations {seen} after {self.newest}")
        self.newest = seen


class Stranger(Client):
    """Has no key."""

    def one(self, client):
        got = client.request("GET", "/up/echo")
        if got.status != 401:
            raise AssertionError(f"{got!r} without a key")


class Socket(Client):
    """A websocket's connection: what is sent comes back."""

    def begin(self, client):
        client.send(wire.request_bytes("GET", "/up/socket", UPGRADE))
        if client.response().status != 101:
            raise AssertionError("no upgrade")

    def one(self, client):
        data = os.urandom(500)
        client.send(data)
        if client.reader.exactly(len(data)) != data:
            raise AssertionError("other bytes came back")
        time.sleep(0.005)  # a pace, not a wait


class Download(Client):
    """One response, read until its end."""

    def begin(self, client):
        client.send(wire.request_bytes("GET", "/up/download", [KEY]))
        client.reader.until(b"\r\n\r\n")
        self.got = hashlib.sha256()

    def one(self, client):
        piece = client.reader.chunk()
        if not piece:
            self.stop = threading.Event()
            self.stop.set()
        self.got.update(piece)


class Swapper:
    def __init__(self, host, folder):
        self.host, self.folder, self.samples = host, folder, []

    def swap(self, number):
        id = ORDER[number % len(ORDER)]
        if id in FILTERS:
            plugins.build(self.folder / f"{id}.so", id=id, version=number, **FILTERS[id])
        answer = self.host.ask_control("POST", "/v1/commands/modules/reload", json.dumps({"args": {"id": id}}))
        if answer.status != 200 or '"error"' in answer.text:
            raise AssertionError(f"swap {number} of {id}: {answer!r}")
        self.samples.append((self.host.memory(), self.host.open_files()))

    def growth(self):
        rest = self.samples[len(self.samples) // 6:]
        halves = rest[: len(rest) // 2], rest[len(rest) // 2:]
        (memory, files), (memory_then, files_then) = (map(max, zip(*half)) for half in halves)
        print(f"memory {memory >> 10} KiB, then {memory_then >> 10} KiB; open files {files}, then {files_then}")
        return (["memory grows"] if memory_then > memory + MEMORY_ALLOWED else []) + (
            ["open files grow"] if files_then > files + FILES_ALLOWED else [])


def run(folder, swaps, seconds):
    service, stop = Service(), threading.Event()
    for id, how in FILTERS.items():
        plugins.build(folder / f"{id}.so", id=id, version=1, **how)
    with harness.Microhost(configuration(folder)) as host:
        entry = host.register("go.micro.api.up", service.upstream.address)
        harness.wait_for(lambda: host.post("/up/echo", "x", [KEY]).status == 200, 10, "the service behind the gateway")
        forever = threading.Event()
        long_ones = [Socket(host.port(), stop), Download(host.port(), forever)]
        clients = [Echo(host.port(), stop), Echo(host.port(), stop), Stranger(host.port(), stop)]
        swapper, began = Swapper(host, folder), time.monotonic()
        for number in range(2, swaps + 2):
            swapper.swap(number)
            os.utime(entry)
            time.sleep(max(0, began + seconds * (number - 1) / swaps - time.monotonic()))
        stop.set()
        service.enough.set()
        for client in clients + long_ones:
            client.join(30)
        problems = [c.problem or f"{type(c).__name__} hangs" for c in clients + long_ones if c.problem or c.is_alive()]
        if not problems and long_ones[1].got.digest() != service.sent.digest():
            problems.append("the download is not what was sent")
        took = time.monotonic() - began
        print(f"{swaps} swaps in {took:.0f} s; {sum(c.count for c in clients)} requests; websocket: {long_ones[0].count} messages; "
              f"download: {service.pieces} pieces; {len(problems)} problems")
        problems += swapper.growth()
    service.upstream.close()
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--swaps", type=int, default=60)
    parser.add_argument("--seconds", type=int, default=0, help="at least; the swaps are spread over them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        problems = run(Path(folder), options.swaps, options.seconds)
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
