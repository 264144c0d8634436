#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients and upstreams that reset their connections at random places, and the gateway that has to live with both.

usage: chaos.py [--seed 1] [--resets 2000]

Every exchange passes an access filter and one that replaces bodies. The client or the upstream (by turns of the seed) sends a
random part of its message, or reads a random part of the other's, and resets; some wait before that until the gateway has dealt with
it. An answer that is whole must be the right one, and a truncated one must not look whole. Afterwards nothing may remain:
no request, no open file, no memory that a sanitizer would report at the end.
"""
import argparse
import collections
import random
import socket
import struct
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "integration"))
import harness
import plugins
import wire

FILTERS = {"gate": {}, "body": {"phase": "transform", "open_door": True, "body": True}}
KEY = ("X-Key", "right")
THREADS = 8


def reset(sock):
    """Not a polite end: the other side gets ECONNRESET."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def chunked(body, dice):
    out, at = b"", 0
    while at < len(body):
        size = dice.randint(1, 3000)
        out += b"%x\r\n%s\r\n" % (len(body[at : at + size]), body[at : at + size])
        at += size
    return out + b"0\r\n\r\n"


def message(head, body, dice):
    """The bytes of a message, with one of the two framings."""
    if dice.random() < 0.5:
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, dice)
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


class Exchange:
    """What one request will meet; both sides know it by the number in the path."""

    def __init__(self, number, dice):
        self.number, self.dice = number, random.Random(dice.random())
        self.body = bytes(dice.choices(b"abcdefgh", k=dice.choice((0, 10, 5000, 70_000))))
        self.reply = bytes(dice.choices(b"ijklmnop", k=dice.choice((0, 10, 5000, 70_000))))
        self.path = f"/{'body' if dice.random() < 0.5 else 'plain'}/{number}"
        self.who = dice.choice(("client", "upstream"))
        self.when = dice.choice(("sending", "reading", "before"))
        self.share = dice.random()

    def part(self, data):
        return data[: int(len(data) * self.share)]


class Upstream:
    def __init__(self, exchanges):
        self.exchanges = exchanges
        self.server = wire.Upstream(self.answer, record=False)

    def answer(self, request, sock):
        e = self.exchanges[int(request.target.rpartition("/")[2])]
        if e.who == "upstream" and e.when != "sending":
            reset(sock)
            return None
        whole = message(b"HTTP/1.1 200 OK\r\n", e.reply, e.dice)
        if e.who == "client":
            return whole
        sock.sendall(e.part(whole))
        reset(sock)
        return None


class Client(threading.Thread):
    def __init__(self, port, exchanges):
        super().__init__(daemon=True)
        self.port, self.exchanges, self.wrong, self.seen = port, exchanges, [], collections.Counter()
        self.start()

    def run(self):
        for e in self.exchanges:
            try:
                self.seen[self.one(e)] += 1
            except (OSError, EOFError):
                self.seen["cut off"] += 1
            except ValueError as problem:
                self.wrong.append(f"exchange {e.number}: {problem!r}")

    def one(self, e):
        head = f"POST {e.path} HTTP/1.1\r\nHost: a\r\nX-Key: right\r\n".encode()
        request = message(head, e.body, e.dice)
        with wire.Client(self.port) as client:
            if e.who == "client" and e.when == "before":
                client.send(e.part(request))
                reset(client.sock)
                return "reset by the client"
            client.send(request)
            if e.who == "client" and e.when == "sending":
                reset(client.sock)
                return "reset by the client"
            if e.who == "client":
                client.reader.exactly(int(len(e.reply) * e.share) + 1)
                reset(client.sock)
                return "reset by the client"
            return self.judge(e, client.response("POST"))

    def judge(self, e, got):
        """The upstream broke off: an error of the gateway's, or all of it, when the rest of the message was empty."""
        expected = b"1:" + e.reply if e.path.startswith("/body") else e.reply
        if got.status == 200 and got.body == expected:
            return "whole"
        if got.status not in (502, 503, 504):
            self.wrong.append(f"exchange {e.number} ({e.when}, {e.share:.3f}): {got!r}"[:300])
        return str(got.status)


def run(seed, resets):
    dice = random.Random(seed)
    exchanges = [Exchange(number, dice) for number in range(resets)]
    upstream = Upstream(exchanges)
    host = harness.Microhost(None)
    files = [plugins.build(host.folder / f"{id}.so", id=id, version=1, **how) for id, how in FILTERS.items()]
    host.config = {
        "load": ["forward.so", *files],
        "host": {"loops": 2},
        "listeners": {"edge": {"module": "forward", "address": "127.0.0.1:0"}},
        "modules": {"forward": {"upstream": f"127.0.0.1:{upstream.server.port}"}},
        "filters": {"front": {"use": "gate"}, "inside": {"use": "body", "match": {"path_prefix": "/body"}}},
    }
    with host:
        fine = Exchange(resets, dice)
        fine.who, fine.body = "client", b""  # the upstream answers in full
        exchanges.append(fine)
        get = lambda: host.get(f"/body/{resets}", [KEY])
        harness.wait_for(lambda: get().status == 200, 10, "an answer")
        files_before = host.open_files()
        clients = [Client(host.port(), exchanges[i:resets:THREADS]) for i in range(THREADS)]
        for client in clients:
            client.join(300)
        problems = [text for client in clients for text in client.wrong]
        problems += ["a client hangs" for client in clients if client.is_alive()]
        if get().body != b"1:" + fine.reply:
            problems.append("a whole exchange afterwards is wrong")
        harness.wait_for(lambda: host.open_files() <= files_before + 2 * THREADS, 20, "the end of the connections")
        harness.wait_for(lambda: in_flight(host) == 0, 20, "the end of the requests")
    upstream.server.close()
    seen = sum((client.seen for client in clients), collections.Counter())
    print(f"seed {seed}: " + ", ".join(f"{n} {what}" for what, n in sorted(seen.items())) + f"; {len(problems)} wrong")
    problems += [f"no exchange was {what}: this proves nothing" for what in ("reset by the client", "cut off", "502") if not seen[what]]
    return problems


def in_flight(host):
    lines = host.ask_control("GET", "/metrics").text.splitlines()
    found = [float(line.split()[-1]) for line in lines if line.startswith("microhost_requests_in_flight")]
    return sum(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resets", type=int, default=2000)
    options = parser.parse_args()
    problems = run(options.seed, options.resets)
    print("\n".join(problems[:10]), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
