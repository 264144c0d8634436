# SPDX-License-Identifier: Apache-2.0
"""Byte streams of modules (mh.net.stream): out to servers of Python, with and without TLS. The module is test/fixtures/wires.cpp."""
import contextlib
import shutil
import socket
import ssl
import threading
import unittest
import urllib.parse

import fixtures
import harness
from tls_test import Certificates

OK, INVALID, GONE, TIMEOUT, LIMIT, DENIED, BUSY = 0, -2, -4, -5, -7, -8, -9
PANIC, IO, NOT_FOUND, UNAVAILABLE = -11, -12, -14, -15


class Server:
    """Answers each connection by a function of its socket, on a thread."""

    def __init__(self, answer, family=socket.AF_INET, address=("127.0.0.1", 0)):
        self.answer, self.socket = answer, socket.socket(family)
        self.socket.bind(address)
        self.socket.listen(300)
        self.connections = []
        threading.Thread(target=self.run, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                self.connections.append(self.socket.accept()[0])
                threading.Thread(target=self.serve, args=(self.connections[-1],), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError):
            self.answer(connection)

    def close(self):
        self.socket.close()
        for c in self.connections:
            c.close()


def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)
    connection.close()


class Wires(harness.Case):
    """The program with the module, and orders to it."""

    on = "main"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = fixtures.serve("wires")
        cls.host.start()
        cls.made = 0

    @classmethod
    def tearDownClass(cls):
        try:
            cls.host.stop()
        finally:
            cls.host.kill()
            cls.host._clean()

    def server(self, answer=echo, **options):
        server = Server(answer, **options)
        self.addCleanup(server.close)
        return server

    def order(self, verb, **values):
        values.setdefault("on", self.on)
        query = urllib.parse.urlencode(values, quote_via=urllib.parse.quote)
        self.assertEqual(self.host.get(f"/{verb}?{query}").status, 200)

    def open(self, address, **values):
        """The id of a new one."""
        type(self).made += 1
        name = f"{self.id().rpartition('.')[2]}-{self.made}"
        self.order("open", id=name, address=address, **values)
        return name

    def lines(self, name):
        return fixtures.state(self.host).get(name, [])

    def wait(self, name, text):
        """Until something that has happened begins with it; that line."""
        def there():
            return next((line for line in self.lines(name) if line.startswith(text)), None)
        try:
            return harness.wait_for(there, 10, text)
        except AssertionError:
            raise AssertionError(f"no {text!r} in {self.lines(name)}\n{self.host.stderr[-2000:]}") from None

    def closed(self, name, status, *words):
        line = self.wait(name, "close ")
        self.assertTrue(line.startswith(f"close {status} "), self.lines(name))
        for word in words:
            self.assertIn(word, line)
        self.assertNotIn("\n", line)


class Plain(Wires):
    def test_what_is_written_is_echoed_and_the_end_is_told(self):
        server = self.server()
        name = self.open(server.address)
        self.assertEqual(self.wait(name, "open "), f"open {server.address}")
        self.order("write", id=name, text="hello")
        self.wait(name, "bytes hello")
        self.order("finish", id=name)
        self.wait(name, "finish")
        self.closed(name, OK)

    def test_what_is_written_before_it_is_open_is_sent(self):
        name = self.open(self.server().address)
        self.order("write", id=name, text="early")
        self.wait(name, "bytes early")
        self.order("close", id=name)
        self.closed(name, OK)

    def test_a_name_is_looked_up(self):
        name = self.open("localhost:" + self.server().address.rpartition(":")[2])
        self.wait(name, "open 127.0.0.1:")
        self.order("abort", id=name)

    def test_a_name_that_there_is_not(self):
        self.closed(self.open("no-such-host.invalid:1"), NOT_FOUND, "no-such-host.invalid")

    def resolve(self, name, what=0):
        type(self).made += 1
        self.order("resolve", id=f"resolve-{self.made}", name=name, what=what)
        return self.wait(f"resolve-{self.made}", "")

    def test_addresses_of_a_name(self):
        self.assertEqual(self.resolve("localhost", what=1), f"resolved {OK} 127.0.0.1:0")
        self.assertEqual(self.resolve("::1"), f"resolved {OK} ::1:0")
        self.assertEqual(self.resolve("127.0.0.1", what=2), f"resolved {NOT_FOUND}")
        self.assertEqual(self.resolve("no such name"), f"resolving {INVALID}")
        self.assertEqual(self.resolve("localhost", what=99), "resolving -1")

    def test_nobody_listens(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{s.getsockname()[1]}"
            self.closed(self.open(address), UNAVAILABLE, f"connect {address}", "Connection refused")

    def test_an_address_that_is_none_is_refused_at_once_and_the_log_says_why(self):
        for address in ("", "nowhere", "host:", "host:0", "a b:1", "host:99999", ":80", "unix:", "127.0.0.1:0"):
            name = self.open(address)
            self.wait(name, f"opening {INVALID}")
        self.host.wait_for_log("nowhere")

    def test_a_peer_that_vanishes(self):
        def vanish(connection):
            connection.recv(1)  # it is open there
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
        name = self.open(self.server(vanish).address)
        self.wait(name, "open ")
        self.order("write", id=name, text="x")
        self.closed(name, IO, "reset")

    def test_the_last_words_of_a_peer_arrive_though_it_does_not_read(self):
        def last_words(connection):
            connection.sendall(b"bye")
            connection.close()
        name = self.open(self.server(last_words).address, does="no-finish")
        self.closed(name, GONE, "closed the connection")
        self.assertIn("bytes bye", self.lines(name))

    def test_unused_bytes_are_shown_again_with_more(self):
        first = threading.Event()

        def piecemeal(connection):
            connection.sendall(b"one")
            first.wait(10)
            connection.sendall(b" line\n")
            connection.recv(1)
        name = self.open(self.server(piecemeal).address, does="lines")
        self.wait(name, "open ")
        self.assertNotIn("line one", self.lines(name))
        first.set()
        self.wait(name, "line one line")
        self.order("abort", id=name)

    def test_who_never_uses_what_comes_is_cut_off(self):
        def talk(connection):
            while True:
                connection.sendall(bytes(65536))
        self.closed(self.open(self.server(talk).address, does="none"), LIMIT, "1 MiB")

    def test_an_exception_in_a_callback_ends_the_stream_alone(self):
        def greet(connection):
            connection.sendall(b"x")
            connection.recv(1)
        server = self.server(greet)
        self.closed(self.open(server.address, does="throw"), PANIC)
        self.wait(self.open(server.address), "bytes x")

    def test_a_connection_is_destroyed_in_its_own_callback(self):
        def greet(connection):
            connection.sendall(b"x")
            connection.recv(1)
        self.wait(self.open(self.server(greet).address, does="drop"), "dropped")

    def test_nothing_moves(self):
        def silent(connection):
            connection.recv(1)
        name = self.open(self.server(silent).address, idle=300)
        self.closed(name, TIMEOUT, "0.3 s")

    def test_no_answer(self):
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            waiting = [socket.socket() for _ in range(4)]
            for s in waiting:
                s.setblocking(False)
                s.connect_ex(full.getsockname())
            address = f"127.0.0.1:{full.getsockname()[1]}"
            self.closed(self.open(address, timeout=400), TIMEOUT, f"connect {address}", "0.4 s")
            for s in waiting:
                s.close()

    def test_a_slow_reader_holds_the_writer_back(self):
        go = threading.Event()
        got = []

        def slow(connection):
            go.wait(10)
            while data := connection.recv(1 << 20):
                got.append(len(data))
        server = self.server(slow)
        before = self.host.memory()
        name = self.open(server.address)
        self.order("flood", id=name, bytes=64 << 20)
        self.wait(name, f"write {BUSY}")
        self.assertLess(self.host.memory() - before, 4 << 20)
        go.set()
        harness.wait_for(lambda: sum(got) >= 64 << 20, 30, "all of it")
        self.assertIn("writable", self.lines(name))
        self.order("close", id=name)
        self.closed(name, OK)
        self.assertEqual(sum(got), 64 << 20)

    def test_pause_holds_the_sender_back(self):
        go, stuck, total = threading.Event(), threading.Event(), 40 << 20

        def talk(connection):
            connection.sendall(b"x")
            go.wait(10)
            connection.settimeout(0.3)
            left = total - 1
            while left:
                try:
                    left -= connection.send(bytes(min(left, 65536)))
                except TimeoutError:
                    stuck.set()
            connection.recv(1)
        name = self.open(self.server(talk).address, does="count")
        self.wait(name, "received 1")
        self.order("pause", id=name)
        self.wait(name, "did pause 0")
        go.set()
        self.assertTrue(stuck.wait(10))
        self.assertIn("received 1", self.lines(name))
        self.order("resume", id=name)
        harness.wait_for(lambda: f"received {total}" in self.lines(name), 20, "all of it")
        self.order("abort", id=name)

    def test_two_hundred_at_once_and_no_descriptor_is_left(self):
        before = self.host.open_files()
        server = self.server()
        names = [self.open(server.address) for _ in range(200)]
        for name in names:
            self.order("write", id=name, text="hi")
        for name in names:
            self.wait(name, "bytes hi")
        for name in names:
            self.order("close", id=name)
        for name in names:
            self.closed(name, OK)
        harness.wait_for(lambda: self.host.open_files() <= before, 10, "descriptors as before")


class PlainOnLoop(Plain):
    on = "loop"


class Tls(Wires):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates = Certificates()
        cls.addClassCleanup(shutil.rmtree, cls.certificates.folder, ignore_errors=True)
        c = cls.certificates
        cls.good = c.sign("good", "good")
        cls.named = c.sign("named", "named", dns="chat.example")
        cls.old = c.sign("old", "old", days="-1")
        cls.own = c.sign("own", "somebody")

    def tls_server(self, pair, answer=echo, ask=False, alpn=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair["cert"], pair["key"])
        if ask:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.certificates.path("ca.pem"))
        if alpn:
            context.set_alpn_protocols(alpn)

        def secure(connection):
            with contextlib.suppress(ssl.SSLError):
                answer(context.wrap_socket(connection, server_side=True))
        return self.server(secure)

    def open_tls(self, address, **values):
        return self.open(address, tls=1, **{"ca": self.certificates.path("ca.pem"), **values})

    def test_an_echo(self):
        name = self.open_tls(self.tls_server(self.good).address)
        self.wait(name, "open ")
        self.order("write", id=name, text="secret")
        self.wait(name, "bytes secret")
        self.order("close", id=name)
        self.closed(name, OK)

    def test_a_flood_goes_through(self):
        got = []

        def count(connection):
            while data := connection.recv(1 << 20):
                got.append(len(data))
        name = self.open_tls(self.tls_server(self.good, count).address)
        self.order("flood", id=name, bytes=16 << 20)
        harness.wait_for(lambda: sum(got) >= 16 << 20, 30, "all of it")
        self.order("abort", id=name)

    def test_what_is_wrong_with_a_certificate_is_said(self):
        address = self.tls_server(self.good).address
        self.closed(self.open_tls(address, ca=self.certificates.path("other-ca.pem")), DENIED, address, "authority")
        self.closed(self.open_tls(address, name="other.example"), DENIED, "another name", "localhost")
        self.closed(self.open_tls(self.tls_server(self.old).address), DENIED, "expired on 20")
        name = self.open_tls(self.tls_server(self.named).address, name="chat.example")
        self.wait(name, "open ")

    def test_no_verification_believes_everybody(self):
        name = self.open_tls(self.tls_server(self.old).address, verify=0)
        self.wait(name, "open ")

    def test_a_certificate_of_ours(self):
        def who(connection):
            connection.sendall(str(connection.getpeercert()["subject"]).encode())
            connection.recv(1)
        address = self.tls_server(self.good, who, ask=True).address
        name = self.open_tls(address, **self.own)
        self.assertIn("somebody", self.wait(name, "bytes"))
        self.closed(self.open_tls(address), IO, "certificate required")

    def test_a_protocol_is_chosen(self):
        def which(connection):
            connection.sendall(str(connection.selected_alpn_protocol()).encode())
            connection.recv(1)
        address = self.tls_server(self.good, which, alpn=["irc", "xmpp-client"]).address
        self.wait(self.open_tls(address, alpn="xmpp-client,other"), "bytes xmpp-client")

    def test_files_that_there_are_not(self):
        name = self.open_tls("127.0.0.1:1", ca="/nowhere/ca.pem")
        self.wait(name, f"opening {INVALID}")
        self.host.wait_for_log("/nowhere/ca.pem")

    def test_who_does_not_speak_tls(self):
        name = self.open_tls(self.server(lambda c: c.sendall(b"220 hello\r\n" * 10)).address)
        self.closed(name, IO, "TLS: wrong version number")

    def test_a_handshake_that_does_not_come(self):
        self.closed(self.open_tls(self.server(lambda c: c.recv(1) and c.recv(70000) and c.recv(1)).address, timeout=400), TIMEOUT, "no TLS within 0.4 s")

    def start_tls(self, answer):
        """A server that speaks TLS once it has said so."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.good["cert"], self.good["key"])

        def serve(connection):
            connection.sendall(answer)
            with contextlib.suppress(ssl.SSLError):
                echo(context.wrap_socket(connection, server_side=True))
        return self.open(self.server(serve).address, does="starttls", ca=self.certificates.path("ca.pem"))

    def test_start_tls(self):
        name = self.start_tls(b"proceed\n")
        self.wait(name, "start_tls 0")
        harness.wait_for(lambda: sum(line.startswith("open ") for line in self.lines(name)) == 2, 10, "opened again")
        self.order("write", id=name, text="secret")
        self.wait(name, "bytes secret")
        self.assertEqual(self.lines(name)[:1], ["opening 0"])

    def test_bytes_that_somebody_puts_before_the_handshake_are_refused(self):
        name = self.start_tls(b"proceed\ninjected\n")
        self.closed(name, INVALID, "in the clear")
        self.assertNotIn("injected", str(self.lines(name)[:-1]))


class TlsOnLoop(Tls):
    on = "loop"


if __name__ == "__main__":
    unittest.main()
