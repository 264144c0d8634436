# SPDX-License-Identifier: Apache-2.0
"""Somebody in IRC: a plain client over a socket, which sees every line.

    ada = irc_user.User(server.port, "ada", join=["#ops"])
    ada.say("#ops", "microbot: ping")
    ada.wait("PRIVMSG #ops :.*pong")
"""
import base64
import re
import select
import socket
import ssl
import time

import harness


class User:
    """`account`: (name, password), logged in by SASL PLAIN. `register`: that account is made first."""

    def __init__(self, port, nick, join=(), account=None, tls=None, tags=False):
        self.nick, self.lines, self.rest, self.seen = nick, [], b"", 0
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        if tls:
            self.socket = ssl.create_default_context(cafile=tls).wrap_socket(self.socket, server_hostname="localhost")
        self.login(account, tags)
        for channel in join:
            self.join(channel)

    def login(self, account, tags):
        caps = (["sasl"] if account else []) + (["message-tags", "account-tag"] if tags else [])
        if caps:
            self.send("CAP LS 302")
        self.send(f"NICK {self.nick}")
        self.send(f"USER {self.nick} 0 * :{self.nick}")
        if caps:
            self.send(f"CAP REQ :{' '.join(caps)}")
        if account:
            self.wait(r"CAP \S+ ACK :.*sasl")
            self.send("AUTHENTICATE PLAIN")
            self.wait(r"AUTHENTICATE :?\+")
            self.send("AUTHENTICATE " + base64.b64encode("\0".join([account[0], *account]).encode()).decode())
            self.wait(r" 903 ")
        if caps:
            self.send("CAP END")
        self.wait(r" (376|422) ")

    def send(self, line):
        self.socket.sendall(line.encode() + b"\r\n")

    def say(self, target, text):
        self.send(f"PRIVMSG {target} :{text}")

    def join(self, channel):
        self.send(f"JOIN {channel}")
        self.wait(rf" 366 {re.escape(self.nick)} {re.escape(channel)} ")

    def read(self, seconds):
        """Takes in what comes within that time; False when it is over."""
        pending = getattr(self.socket, "pending", lambda: 0)()
        if not pending and not select.select([self.socket], [], [], max(seconds, 0))[0]:
            return False
        data = self.socket.recv(65536)
        if not data:
            raise AssertionError(f"{self.nick}: the server closed the connection; the last lines: {self.lines[-5:]}")
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            text = line.rstrip(b"\r").decode("utf-8", "surrogateescape")
            self.lines.append(text)
            if text.startswith("PING"):
                self.send("PONG" + text[4:])
        return True

    def wait(self, pattern, seconds=10):
        """The match in the first line, not seen before, that has it; what comes before counts as seen."""
        deadline = time.monotonic() + seconds * harness.SLOW
        while True:
            while self.seen < len(self.lines):
                self.seen += 1
                if found := re.search(pattern, self.lines[self.seen - 1]):
                    return found
            if not self.read(deadline - time.monotonic()) and time.monotonic() >= deadline:
                raise AssertionError(f"{self.nick} saw no {pattern!r}; the last lines: {self.lines[-8:]}")

    def never(self, pattern, until):
        """`until` comes, and nothing of `pattern` before it."""
        begin = self.seen
        self.wait(until)
        for line in self.lines[begin:self.seen]:
            if re.search(pattern, line):
                raise AssertionError(f"{self.nick} saw {line!r}")

    def settle(self):
        """All that was on its way to this user has come: the server answers in order."""
        mark = f"settled-{time.monotonic_ns()}"
        self.send(f"PING {mark}")
        self.wait(f"PONG .*{mark}")

    def knows(self, nick):
        self.send(f"ISON {nick}")
        return nick in self.wait(" 303 [^ ]+ :(.*)")[1]

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
