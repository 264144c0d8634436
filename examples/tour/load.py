#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The clients of the tour: load.py PORT TOKEN

Four have the token: three keep their connection, one opens a connection for each request. Three strangers have none, or a wrong one.
They ask all the time. Lines on standard input say what they have to expect, and standard output has one line for each:

    strict  from now on each request with the token has to be answered 200, and each one without it 401 or 503
    crash   the same, but a request may be cut off with its connection, and one with the token may be answered 503
    report  "SENT FAILED LEAKED CUT CLOSED TEXT": since the last such line. FAILED were not as they have to be, of which LEAKED got in
            without the token; CUT and CLOSED are what "crash" allows; TEXT is about the first that failed. X-Door and X-Mark may only
            rise on a connection; if one falls, that request has failed.

Each line is answered when every client has had a request of its own from begin to end since it came.
"""
import http.client
import sys
import threading
import time

FIELDS = ("X-Door", "X-Mark")


class Load:
    def __init__(self, port, token):
        self.port, self.mode, self.lock, self.moved = port, "strict", threading.Lock(), threading.Condition()
        self.clear()
        bearer = {"Authorization": f"Bearer {token}"}
        kinds = [(bearer, True)] * 3 + [(bearer, False), ({}, True), ({}, False), ({"Authorization": "Bearer wrong"}, True)]
        self.turns = [0] * len(kinds)
        for number, (fields, keeps) in enumerate(kinds):
            threading.Thread(target=self.client, args=(number, fields, keeps), daemon=True).start()

    def clear(self):
        self.sent = self.failed = self.leaked = self.cut = self.closed = 0
        self.text = "-"

    def client(self, number, fields, keeps):
        trusted, connection, seen = "wrong" not in str(fields) and bool(fields), None, {}
        while True:
            mode, connected, stays = self.mode, False, False
            try:
                if connection is None:
                    connection, seen = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20), {}
                    connection.connect()
                connected = True
                connection.request("GET", "/", headers=fields)
                answer = connection.getresponse()
                answer.read()
                self.judge(mode, trusted, answer, seen)
                stays = keeps and not answer.will_close
            except (OSError, http.client.HTTPException) as problem:
                # That no connection comes about, or no answer in time, is never right: the sockets outlive a worker.
                cut = mode == "crash" and connected and not isinstance(problem, TimeoutError)
                self.count(problem=repr(problem), cut=cut)
            if not stays:
                connection.close()
                connection = None
            with self.moved:
                self.turns[number] += 1
                self.moved.notify_all()
            time.sleep(0.002)

    def judge(self, mode, trusted, answer, seen):
        right = (200,) if trusted else (401, 503)
        closed = trusted and mode == "crash" and answer.status == 503
        problem = "" if answer.status in right or closed else f"status {answer.status} {'with' if trusted else 'without'} the token"
        for name in FIELDS:
            version = int(answer.getheader(name) or 0)
            if version and version < seen.get(name, 0):
                problem = problem or f"{name} {version} behind {seen[name]}"
            seen[name] = version or seen.get(name, 0)
        self.count(problem=problem, closed=closed, leaked=not trusted and answer.status not in right and answer.status < 400)

    def count(self, problem="", cut=False, closed=False, leaked=False):
        with self.lock:
            self.sent += 1
            self.cut += cut
            self.closed += closed
            self.leaked += leaked
            if problem and not cut:
                self.failed += 1
                self.text = problem if self.text == "-" else self.text

    def everybody_asks(self):
        """The request that a client is at when this begins does not count: it needs another one."""
        with self.moved:
            begun = list(self.turns)
            self.moved.wait_for(lambda: all(now > before + 1 for now, before in zip(self.turns, begun)))

    def told(self, word):
        if word in ("strict", "crash"):
            self.mode = word
        self.everybody_asks()
        if word != "report":
            return word
        with self.lock:
            line = f"{self.sent} {self.failed} {self.leaked} {self.cut} {self.closed} {self.text}"
            self.clear()
        return line


load = Load(int(sys.argv[1]), sys.argv[2])
for line in sys.stdin:
    print(load.told(line.strip()), flush=True)
