# SPDX-License-Identifier: Apache-2.0
"""Websockets that a module opens: against a server of this test, and against a module of ours that accepts them."""
import base64
import contextlib
import hashlib
import shutil
import socket
import ssl
import struct
import threading
import unittest

import fixtures
import harness
import tls_test
import wire
from websocket_test import BINARY, CLOSE, FIN, PING, PONG, TEXT, frame

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
GONE = "-4"


class Peer:
    """The server's end of one connection, once it has said yes or no."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""
        self.request = wire.Message(self.until(b"\r\n\r\n"))

    def until(self, mark):
        while mark not in self.buffer:
            self.more()
        head, mark, self.buffer = self.buffer.partition(mark)
        return head + mark

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

    def agree(self, *fields, accept=None):
        accept = accept or base64.b64encode(hashlib.sha1(self.request["Sec-WebSocket-Key"].encode() + GUID).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}", *fields]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode())

    def send(self, first, payload=b""):
        self.sock.sendall(frame(first, payload, masked=False))

    def read(self):
        """(first byte, payload) of the next frame, which has to be masked."""
        first, size = self.take(2)
        assert size & 0x80, "a client's frame without a mask"
        size &= 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self.take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.take(8))
        mask, payload = self.take(4), self.take(size)
        self.mask = mask
        return first, bytes(b ^ mask[i % 4] for i, b in enumerate(payload))

    def read_end(self):
        with contextlib.suppress(EOFError):
            while True:
                self.more()


class Server:
    """Takes connections until the with statement ends; accept() gives the next one as a Peer."""

    def __init__(self, tls=None):
        self.tls = tls
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10 * harness.SLOW)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.open = []

    def accept(self):
        sock, _ = self.listener.accept()
        sock.settimeout(10 * harness.SLOW)
        self.open.append(sock)
        return Peer(sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in [*self.open, self.listener]:
            sock.close()


class Case(harness.Case):
    on = "main"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.enterClassContext(fixtures.serve("dialer"))

    def setUp(self):
        self.forget()

    def forget(self):
        """Whatever there was ends, and what was heard of it is forgotten, in this order."""
        before = fixtures.state(self.host)["cleared"]
        self.tell("/abort")
        self.tell("/clear")
        fixtures.wait_for_state(self.host, lambda s: s["cleared"] == before + 1, "/clear")

    def tell(self, what, **fields):
        answer = self.host.get(what, [("X-On", self.on), *((f"X-{k}", str(v)) for k, v in fields.items())])
        self.assertEqual(answer.status, 200)

    def heard(self):
        return fixtures.state(self.host)["heard"]

    def hears(self, *lines):
        harness.wait_for(lambda: len(self.heard()) >= len(lines), 10, f"{lines}, not {self.heard()}")
        self.assertEqual(self.heard(), list(lines))

    def open(self, server, **fields):
        self.tell("/open", Url=f"ws://{server.address}/talk?x=1", **fields)
        peer = server.accept()
        peer.agree()
        harness.wait_for(self.heard, 10, "on_open")
        return peer


class OnMain(Case):
    def test_messages_go_both_ways(self):
        with Server() as server:
            self.tell("/open", Url=f"ws://{server.address}/talk?x=1", Protocol="soap, chat", Field="mine")
            peer = server.accept()
            self.assertEqual(peer.request.start, "GET /talk?x=1 HTTP/1.1")
            self.assertEqual((peer.request["Host"], peer.request["X-Field"]), (server.address, "mine"))
            self.assertNotIn("Sec-WebSocket-Extensions", peer.request)
            peer.agree("Sec-WebSocket-Protocol: chat")
            peer.send(FIN | TEXT, "gr\u00fc\u00dfe".encode())
            peer.send(TEXT, b"in ")
            peer.send(FIN | PING, b"there?")
            peer.send(FIN, b"pieces")
            peer.send(FIN | BINARY, b"\0")
            self.assertEqual(peer.read(), (FIN | PONG, b"there?"))
            self.hears("open chat", "text gr\u00fc\u00dfe", "text in pieces", "binary ")
            self.tell("/send", Text="hello")
            self.assertEqual(peer.read(), (FIN | TEXT, b"hello"))

    def test_each_frame_has_a_mask_of_its_own(self):
        with Server() as server:
            peer = self.open(server)
            masks = set()
            for _ in range(10):
                self.tell("/send", Text="x")
                peer.read()
                masks.add(peer.mask)
            self.assertEqual(len(masks), 10)

    def test_the_server_closes(self):
        with Server() as server:
            peer = self.open(server)
            peer.send(FIN | CLOSE, struct.pack("!H", 1001) + b"going away")
            self.assertEqual(peer.read(), (FIN | CLOSE, struct.pack("!H", 1001)))
            self.hears("open ", "close 1001 going away, status 0, retry after 0")
            peer.sock.shutdown(socket.SHUT_WR)
            peer.read_end()

    def test_the_module_closes(self):
        with Server() as server:
            peer = self.open(server)
            self.tell("/close", Text="enough")
            self.assertEqual(peer.read(), (FIN | CLOSE, struct.pack("!H", 4001) + b"enough"))
            peer.send(FIN | CLOSE, struct.pack("!H", 4001))
            self.hears("open ", "close 4001 , status -12, retry after 0")
            self.tell("/send", Text="late")
            self.hears("open ", "close 4001 , status -12, retry after 0", f"/send {GONE}")

    def test_one_that_is_dropped_says_nothing_more(self):
        with Server() as server:
            peer = self.open(server)
            peer.send(FIN | TEXT, b"die")
            peer.read_end()
            self.hears("open ", "text die")
            peer = self.open(server)
            self.tell("/abort")
            peer.read_end()

    def test_a_server_that_is_silent_is_pinged_and_then_given_up(self):
        with Server() as server:
            peer = self.open(server, Ping=200)
            self.assertEqual(peer.read(), (FIN | PING, b""))
            peer.send(FIN | PONG)
            self.assertEqual([peer.read(), peer.read()], [(FIN | PING, b"")] * 2)
            peer.read_end()
            self.hears("open ", "close 1006 pings are not answered, status -12, retry after 0")

    def test_a_connection_that_breaks(self):
        with Server() as server:
            peer = self.open(server)
            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            peer.sock.close()
            harness.wait_for(lambda: len(self.heard()) == 2, 10, "on_close")
            self.assertRegex(self.heard()[1], "^close 1006 .+, status -12")

    def test_send_is_busy_until_the_server_reads(self):
        with Server() as server:
            peer = self.open(server)
            self.tell("/flood")
            self.hears("open ", "/flood -9")
            while "writable" not in self.heard():
                peer.read()

    def test_a_message_that_is_too_big_ends_it(self):
        with Server() as server:
            peer = self.open(server)
            peer.send(FIN | TEXT, b"x" * 1001)
            self.assertEqual(peer.read()[1][:2], struct.pack("!H", 1009))
            self.hears("open ", "close 1009 message too big, status -12, retry after 0")

    # ---- it does not come to be

    def refused(self, answer):
        with Server() as server:
            self.forget()
            self.tell("/open", Url=f"ws://{server.address}/")
            peer = server.accept()
            answer(peer)
            harness.wait_for(self.heard, 10, "on_close")
            (line,) = self.heard()
            return line

    def test_what_the_server_answers_instead_is_told(self):
        for status, more, line in (
            ("401 No", "", "close 401 HTTP 401 Unauthorized, status -8, retry after 0"),
            ("403 No", "", "close 403 HTTP 403 Forbidden, status -8, retry after 0"),
            ("429 No", "Retry-After: 30\r\n", "close 429 HTTP 429 Too Many Requests; Retry-After: 30, status -7, retry after 30"),
            ("503 No", "", "close 503 HTTP 503 Service Unavailable, status -15, retry after 0"),
            ("302 No", "Location: /there\r\n", "close 302 HTTP 302 Found, status -12, retry after 0"),
        ):
            with self.subTest(status):
                head = f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n{more}\r\nno".encode()
                self.assertEqual(self.refused(lambda peer: peer.sock.sendall(head)), line)

    def test_an_answer_that_is_not_to_our_question_is_refused(self):
        for what, answer in (
            ("another key", lambda peer: peer.agree(accept="s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")),
            ("an extension", lambda peer: peer.agree("Sec-WebSocket-Extensions: permessage-deflate")),
            ("a subprotocol", lambda peer: peer.agree("Sec-WebSocket-Protocol: chat")),
        ):
            with self.subTest(what):
                self.assertRegex(self.refused(answer), "^close 1002 .+, status -12")

    def test_nobody_is_there(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.tell("/open", Url=f"ws://127.0.0.1:{port}/")
        self.hears("close 1006 Connection refused, status -15, retry after 0")
        self.forget()
        self.tell("/open", Url="ws://nobody.invalid:80/")
        harness.wait_for(self.heard, 10, "on_close")
        self.assertRegex(self.heard()[0], "^close 1006 .*nobody.invalid.*, status -15")

    def test_nothing_can_be_sent_before_it_is_open(self):
        with Server() as server:
            self.tell("/open", Url=f"ws://{server.address}/")
            peer = server.accept()
            self.tell("/send", Text="too early")
            self.hears(f"/send {GONE}")
            peer.agree()
            self.hears(f"/send {GONE}", "open ")

    def test_no_answer_within_the_time(self):
        with Server() as server:
            self.tell("/open", Url=f"ws://{server.address}/", Timeout=200)
            server.accept()
            self.hears("close 1006 no answer in time, status -15, retry after 0")


class OnALoop(OnMain):
    on = "loop"


class OurOwnServer(Case):
    def test_both_ends_are_ours(self):
        with fixtures.serve("sockets") as server:
            self.tell("/open", Url=f"ws://{server.address()}/chat", Protocol="chat")
            self.hears("open chat")
            self.tell("/clear")
            self.tell("/send", Text="there and back")
            self.hears("text there and back")
            self.tell("/send", Text="close")
            self.hears("text there and back", "close 4001 asked, status -12, retry after 0")
            fixtures.wait_for_state(server, lambda s: s["closed"] == 1 and s["code"] == 4001, "its end")

    def test_it_ends_with_its_module(self):
        with Server() as server, fixtures.serve("dialer") as host:
            host.get("/open", [("X-Url", f"ws://{server.address}/"), ("X-On", "main")])
            peer = server.accept()
            peer.agree()
            harness.wait_for(lambda: fixtures.state(host)["heard"], 10, "on_open")
            self.assertEqual(host.ask_control("POST", "/v1/commands/modules/reload", b'{"args":{"id":"dialer"}}').status, 200)
            peer.read_end()
            self.assertEqual(fixtures.state(host)["heard"], [])


@unittest.skipUnless(shutil.which("openssl"), "needs openssl")
class Secure(Case):
    def test_only_a_server_with_the_right_certificate_is_believed(self):
        made = tls_test.Certificates()
        self.addCleanup(shutil.rmtree, made.folder, ignore_errors=True)
        own = made.sign("server", "server", dns="localhost")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own["cert"], own["key"])
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        url = "wss://localhost:%d/" % listener.getsockname()[1]

        def talk(sock):
            with contextlib.suppress(OSError, EOFError), context.wrap_socket(sock, server_side=True) as secure:
                peer = Peer(secure)
                peer.agree()
                peer.send(FIN | TEXT, b"secret")
                peer.read_end()

        def serve():  # nobody waits for the end of another connection
            with contextlib.suppress(OSError):
                while True:
                    sock, _ = listener.accept()
                    threading.Thread(target=talk, args=(sock,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        self.tell("/open", Url=url, Ca=made.path("ca.pem"))
        self.hears("open ", "text secret")
        self.forget()
        self.tell("/open", Url=url, Ca=made.path("other-ca.pem"))
        harness.wait_for(self.heard, 10, "on_close")
        self.assertRegex(self.heard()[0], "^close 1015 .*certificate verify failed.*, status -8")


if __name__ == "__main__":
    unittest.main()
