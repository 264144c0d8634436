# SPDX-License-Identifier: Apache-2.0
"""Websockets from a module: RFC 6455 as a well-behaved client sees it, and as a hostile one does."""
import struct
import unittest

import fixtures
import harness
import wire

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
FIN, CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x80, 0, 1, 2, 8, 9, 10


def frame(first, payload=b"", masked=True):
    size = len(payload)
    mask = 0x80 if masked else 0
    if size <= 125:
        head = struct.pack("!BB", first, mask | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, mask | 126, size)
    else:
        head = struct.pack("!BBQ", first, mask | 127, size)
    if not masked:
        return head + payload
    key = b"\x11\x22\x33\x44"
    return head + key + bytes(b ^ key[i % 4] for i, b in enumerate(payload))


class Socket:
    """A client of 40 lines."""

    def __init__(self, host, path="/", headers=()):
        self.sock = wire.connect(host.port())
        fields = {"Host": "a", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": KEY,
                  "Sec-WebSocket-Version": "13", **dict(headers)}
        lines = [f"GET {path} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items() if v is not None), "", ""]
        self.sock.sendall("\r\n".join(lines).encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.head = wire.Message(head + b"\r\n\r\n")

    def more(self):
        part = wire.receive(self.sock)
        if not part:
            raise EOFError
        self.buffer += part

    def take(self, count):
        while len(self.buffer) < count:
            self.more()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def send(self, *args, **more):
        self.sock.sendall(frame(*args, **more))

    def read(self):
        """(first byte, payload) of the next frame."""
        first, size = self.take(2)
        if size == 126:
            (size,) = struct.unpack("!H", self.take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.take(8))
        return first, self.take(size)

    def read_close(self):
        """The code of the close frame that comes next; then the connection ends."""
        first, payload = self.read()
        assert first == FIN | CLOSE, (first, payload)
        self.sock.sendall(b"")
        while wire.receive(self.sock):
            pass
        return struct.unpack("!H", payload[:2])[0] if payload else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


class Websockets(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.enterClassContext(fixtures.serve("sockets"))

    def closed_with(self, code, action):
        """The module hears of that code once, whatever the client did."""
        before = fixtures.state(self.host)["closed"]
        action()
        now = fixtures.wait_for_state(self.host, lambda s: s["closed"] == before + 1, "on_close")
        self.assertEqual(now["code"], code)

    # ---- the handshake

    def test_the_handshake_is_answered(self):
        with Socket(self.host) as ws:
            self.assertEqual(ws.head.status, 101)
            self.assertEqual(ws.head["Upgrade"], "websocket")
            self.assertEqual(ws.head["Connection"], "Upgrade")
            self.assertEqual(ws.head["Sec-WebSocket-Accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")

    def test_a_subprotocol_is_chosen(self):
        with Socket(self.host, "/chat", {"Sec-WebSocket-Protocol": "soap, chat"}) as ws:
            self.assertEqual(ws.head["Sec-WebSocket-Protocol"], "chat")

    def test_another_version_is_told_which_one_is_spoken(self):
        with Socket(self.host, "/", {"Sec-WebSocket-Version": "8"}) as ws:
            self.assertEqual((ws.head.status, ws.head["Sec-WebSocket-Version"]), (426, "13"))

    def test_a_wrong_key_is_refused(self):
        for key in ("short", None):
            with Socket(self.host, "/", {"Sec-WebSocket-Key": key}) as ws:
                self.assertEqual(ws.head.status, 400)

    # ---- messages

    def test_messages_come_back(self):
        with Socket(self.host) as ws:
            for opcode, text in ((TEXT, b"hello"), (TEXT, "gr\u00fc\u00dfe".encode()), (BINARY, bytes(range(256))), (TEXT, b"")):
                ws.send(FIN | opcode, text)
                self.assertEqual(ws.read(), (FIN | opcode, text))

    def test_bytes_may_come_one_by_one(self):
        with Socket(self.host) as ws:
            for byte in frame(FIN | TEXT, b"slow"):
                ws.sock.sendall(bytes([byte]))
            self.assertEqual(ws.read(), (FIN | TEXT, b"slow"))

    def test_fragments_become_one_message_and_pings_may_come_between(self):
        with Socket(self.host) as ws:
            ws.send(TEXT, b"he")
            ws.send(FIN | PING, b"there?")
            ws.send(CONTINUATION, b"ll")
            ws.send(FIN | CONTINUATION, b"o")
            self.assertEqual(ws.read(), (FIN | PONG, b"there?"))
            self.assertEqual(ws.read(), (FIN | TEXT, b"hello"))

    def test_frames_that_come_with_the_request_are_not_lost(self):
        with wire.connect(self.host.port()) as sock:
            sock.sendall((f"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                          f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode()
                         + frame(FIN | TEXT, b"early"))
            received = b""
            while not received.endswith(b"\x81\x05early"):
                part = wire.receive(sock)
                self.assertTrue(part, received)
                received += part

    # ---- the end

    def test_a_close_is_answered_with_its_code(self):
        def close():
            with Socket(self.host) as ws:
                ws.send(FIN | CLOSE, struct.pack("!H", 1000) + b"bye")
                self.assertEqual(ws.read_close(), 1000)

        self.closed_with(1000, close)

    def test_a_close_without_a_code(self):
        def close():
            with Socket(self.host) as ws:
                ws.send(FIN | CLOSE)
                self.assertIsNone(ws.read_close())

        self.closed_with(1005, close)

    def test_the_module_closes(self):
        def close():
            with Socket(self.host) as ws:
                ws.send(FIN | TEXT, b"close")
                self.assertEqual(ws.read(), (FIN | CLOSE, struct.pack("!H", 4001) + b"asked"))
                ws.send(FIN | CLOSE, struct.pack("!H", 4001))
                self.assertEqual(wire.receive(ws.sock), b"")

        self.closed_with(4001, close)

    def test_a_client_that_does_not_answer_the_close_is_not_waited_for_long(self):
        def close():
            ws = Socket(self.host)
            self.addCleanup(ws.sock.close)
            ws.send(FIN | TEXT, b"close")
            ws.read()
            self.assertEqual(wire.receive(ws.sock), b"")  # 5 s

        self.closed_with(1006, close)

    def test_a_client_that_just_leaves(self):
        def leave():
            ws = Socket(self.host)
            ws.sock.close()

        self.closed_with(1006, leave)

    def test_a_client_that_is_silent_is_pinged_twice_and_then_given_up(self):
        def wait():
            with Socket(self.host, "/ping") as ws:
                self.assertEqual([ws.read(), ws.read()], [(FIN | PING, b"")] * 2)
                self.assertEqual(wire.receive(ws.sock), b"")

        self.closed_with(1006, wait)

    def test_a_client_that_answers_pings_stays(self):
        with Socket(self.host, "/ping") as ws:
            for _ in range(4):
                self.assertEqual(ws.read(), (FIN | PING, b""))
                ws.send(FIN | PONG)
            ws.send(FIN | TEXT, b"still here")
            self.assertEqual(ws.read(), (FIN | TEXT, b"still here"))

    # ---- hostile clients

    def test_broken_rules_end_with_the_right_code(self):
        for what, data, code in (
            ("not masked", frame(FIN | TEXT, b"hello", masked=False), 1002),
            ("a reserved bit", frame(FIN | 0x40 | TEXT, b"x"), 1002),
            ("a reserved opcode", frame(FIN | 3, b"x"), 1002),
            ("a ping in fragments", frame(PING, b"x"), 1002),
            ("a continuation of nothing", frame(FIN | CONTINUATION, b"x"), 1002),
            ("a code that nobody sends", frame(FIN | CLOSE, struct.pack("!H", 1006)), 1002),
            ("invalid UTF-8", frame(FIN | TEXT, b"\xff\xfe"), 1007),
            ("a message that is too big", frame(FIN | TEXT, b"x" * 1001), 1009),
            ("fragments that are too big", frame(TEXT, b"x" * 900) + frame(FIN, b"x" * 101), 1009),
        ):
            with self.subTest(what):
                def attack():
                    with Socket(self.host) as ws:
                        ws.sock.sendall(data)
                        self.assertEqual(ws.read_close(), code)

                self.closed_with(code, attack)

    def test_a_client_that_never_reads_grows_nothing(self):
        before = self.host.memory()
        with Socket(self.host) as ws:
            ws.sock.settimeout(1)
            ws.send(FIN | TEXT, b"flood")
            try:
                for _ in range(200):
                    ws.sock.sendall(frame(FIN | PING, b"p" * 125) * 500)
            except TimeoutError:
                pass  # the host reads no more of it
            self.assertLess(self.host.memory() - before, 4 * 1024 * 1024)

    def test_send_is_busy_until_the_client_reads(self):
        before = fixtures.state(self.host)
        with Socket(self.host) as ws:
            ws.send(FIN | TEXT, b"flood")
            fixtures.wait_for_state(self.host, lambda s: s["busy"] == before["busy"] + 1, "a full window")
            while ws.read() != (FIN | TEXT, b"room"):
                pass
        self.assertEqual(fixtures.state(self.host)["writable"], before["writable"] + 1)


if __name__ == "__main__":
    unittest.main()
