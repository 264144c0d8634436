# SPDX-License-Identifier: Apache-2.0
"""Requests that a module makes itself: what it gets back, and what it gets when there is nothing good to get."""
import shutil
import socket
import ssl
import threading
import time
import unittest
from pathlib import Path

import fixtures
import harness
import tls_test
import wire

TIMEOUT, LIMIT, IO, UNAVAILABLE, INVALID = "-5", "-7", "-12", "-15", "-2"


class Client(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.enterClassContext(fixtures.serve("calls"))

    def fetch(self, address, **fields):
        headers = [("X-Address", address), *((f"X-{k}", str(v)) for k, v in fields.items())]
        return self.host.get("/", headers)

    def test_the_answer_of_an_upstream_is_handed_over(self):
        with wire.Upstream(wire.answer("from afar", "201 Created")) as upstream:
            answer = self.fetch(upstream.address, Target="/there?x=1")
            self.assertEqual((answer.status, answer.body, answer["X-Outcome"]), (201, b"from afar", "0"))
            request = upstream.wait_for_requests(1)[0]
            self.assertEqual(request.start, "GET /there?x=1 HTTP/1.1")
            self.assertEqual((request["Host"], request["X-From"]), (upstream.address, "calls"))

    def test_a_body_is_sent_with_its_length(self):
        with wire.Upstream(wire.answer()) as upstream:
            self.fetch(upstream.address, Method="POST", Body="payload")
            request = upstream.wait_for_requests(1)[0]
            self.assertEqual((request.body, request["Content-Length"]), (b"payload", "7"))

    def test_chunks_are_joined(self):
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"
        with wire.Upstream(chunked) as upstream:
            self.assertEqual(self.fetch(upstream.address).body, b"abcdef")

    def test_connections_are_used_again(self):
        with wire.Upstream(wire.answer()) as upstream:
            for _ in range(3):
                self.assertEqual(self.fetch(upstream.address)["X-Outcome"], "0")
            self.assertEqual(len(upstream.received), 1)

    def test_a_kept_connection_that_died_is_replaced(self):
        with wire.Upstream(wire.answer()) as upstream:
            self.fetch(upstream.address)
            upstream.drop_connections()
            self.assertEqual(self.fetch(upstream.address)["X-Outcome"], "0")

    def test_a_unix_socket(self):
        path = self.host.folder / "there.sock"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()

            def serve():
                peer, _ = listener.accept()
                with peer:
                    peer.recv(65536)
                    peer.sendall(wire.answer("by file"))

            threading.Thread(target=serve, daemon=True).start()
            self.assertEqual(self.fetch(f"unix:{path}").body, b"by file")

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = "127.0.0.1:%d" % free.getsockname()[1]
        self.assertEqual(self.fetch(address)["X-Outcome"], UNAVAILABLE)

    def test_no_answer_within_the_time(self):
        with wire.Upstream(lambda request, sock: time.sleep(5)) as upstream:
            begun = time.monotonic()
            self.assertEqual(self.fetch(upstream.address, Timeout=300)["X-Outcome"], TIMEOUT)
            self.assertLess(time.monotonic() - begun, 2 * harness.SLOW)

    def test_the_time_holds_for_the_whole_exchange(self):
        def drip(request, sock):
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            for _ in range(50):
                sock.sendall(b"x")
                time.sleep(0.1)

        with wire.Upstream(drip) as upstream:
            self.assertEqual(self.fetch(upstream.address, Timeout=400)["X-Outcome"], TIMEOUT)

    def test_an_answer_that_is_cut_short_is_an_error(self):
        def cut(request, sock):
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

        with wire.Upstream(cut) as upstream:
            self.assertEqual(self.fetch(upstream.address)["X-Outcome"], IO)

    def test_an_answer_that_is_too_long_is_an_error(self):
        endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"3\r\nabc\r\n" * 10 + b"0\r\n\r\n"
        for script in (wire.answer("x" * 30), endless):
            with wire.Upstream(script) as upstream:
                self.assertEqual(self.fetch(upstream.address, Max=29)["X-Outcome"], LIMIT)
                self.assertEqual(self.fetch(upstream.address, Max=30)["X-Outcome"], "0")

    def test_what_is_not_http_is_an_error(self):
        with wire.Upstream(b"SSH-2.0-OpenSSH\r\n\r\n") as upstream:
            self.assertEqual(self.fetch(upstream.address)["X-Outcome"], IO)

    def test_an_address_that_is_none_is_refused_at_once(self):
        for address in ("nonsense", "127.0.0.1:99999", "a b:80", "host:"):
            self.assertEqual(self.fetch(address)["X-Outcome"], f"refused {INVALID}")

    def test_a_client_that_leaves_ends_the_call(self):
        with wire.Upstream(lambda request, sock: wire.receive(sock)) as upstream:
            sock = wire.connect(self.host.port())
            sock.sendall(f"GET / HTTP/1.1\r\nHost: a\r\nX-Address: {upstream.address}\r\n\r\n".encode())
            upstream.wait_for_requests(1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            sock.close()
            harness.wait_for(lambda: not upstream.connections, 5, "the end of the call")


class Secure:
    """A TLS server that answers with the names in the client's certificate; `client_ca`: it wants one."""

    def __init__(self, own, client_ca=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(own["cert"], own["key"])
        if client_ca:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(client_ca)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(peer, server_side=True) as secure:
                    secure.recv(65536)
                    subject = dict(pair[0] for pair in (secure.getpeercert() or {}).get("subject", ()))
                    secure.sendall(wire.answer(subject.get("commonName", "nobody")))
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


@unittest.skipUnless(shutil.which("openssl"), "needs openssl")
class SecureClient(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = tls_test.Certificates()
        cls.addClassCleanup(shutil.rmtree, cls.made.folder, ignore_errors=True)
        cls.server = cls.made.sign("server", "server", dns="etcd.test")
        cls.host = cls.enterClassContext(fixtures.serve("calls"))

    def fetch(self, server, host="127.0.0.1", **fields):
        fields = {"Address": f"{host}:{server.port}", "Tls": 1, "Ca": self.made.path("ca.pem"), **fields}
        return self.host.get("/", [(f"X-{k}", str(v)) for k, v in fields.items()])

    def test_the_authority_and_the_name_decide_whom_to_believe(self):
        with Secure(self.server) as server:
            self.assertEqual(self.fetch(server).body, b"nobody")
            self.assertEqual(self.fetch(server, Name="etcd.test").body, b"nobody")
            for wrong in ({"Name": "other.test"}, {"Ca": self.made.path("other-ca.pem")}, {"Ca": ""}, {"host": "localhost"}):
                with self.subTest(wrong):
                    self.assertIn(self.fetch(server, **wrong)["X-Outcome"], (IO, UNAVAILABLE))
            self.assertEqual(self.fetch(server, host="localhost", Name="etcd.test").body, b"nobody")

    def test_a_certificate_is_shown_to_who_asks_and_the_next_one_after_it_was_replaced(self):
        own = self.made.sign("own", "first")
        with Secure(self.server, client_ca=self.made.path("ca.pem")) as server:
            self.assertIn(self.fetch(server)["X-Outcome"], (IO, UNAVAILABLE))
            files = {"Cert": own["cert"], "Key": own["key"]}
            self.assertEqual(self.fetch(server, **files).body, b"first")
            after = self.made.sign("after", "second")
            for kind in ("cert", "key"):
                Path(after[kind]).replace(own[kind])
            self.assertEqual(self.fetch(server, **files).body, b"second")

    def test_a_file_that_cannot_be_used_is_named_in_the_log(self):
        with Secure(self.server) as server:
            gone = self.made.path("gone.pem")
            for _ in range(3):
                self.assertEqual(self.fetch(server, Ca=gone)["X-Outcome"], f"refused {INVALID}")
            self.host.wait_for_log("gone.pem")
            self.assertEqual(self.host.stderr.count("gone.pem"), self.host.stderr.count("No such file"))


if __name__ == "__main__":
    unittest.main()
