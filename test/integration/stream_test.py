# SPDX-License-Identifier: Apache-2.0
"""Responses that a module writes bit by bit: framing, slow readers, clients that leave."""
import contextlib
import socket
import unittest

import fixtures
import harness
import wire

MIB = 1024 * 1024


def ask(path, version="1.1", method="GET"):
    return f"{method} {path} HTTP/{version}\r\nHost: a\r\nConnection: close\r\n\r\n".encode()


class Streams(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.enterClassContext(fixtures.serve("streams"))

    def raw(self, *args, **more):
        head, _, body = wire.raw(self.host.port(), ask(*args, **more)).partition(b"\r\n\r\n")
        return head.decode().lower(), body

    def test_a_stream_is_chunked_for_http_1_1(self):
        head, body = self.raw("/once")
        self.assertIn("200 ok", head)
        self.assertIn("transfer-encoding: chunked", head)
        self.assertEqual(body, b"9\r\ndata: 1\n\n\r\n0\r\n\r\n")

    def test_http_1_0_reads_until_the_end(self):
        head, body = self.raw("/once", version="1.0")
        self.assertNotIn("transfer-encoding", head)
        self.assertNotIn("content-length", head)
        self.assertEqual(body, b"data: 1\n\n")

    def test_head_gets_the_head_even_of_a_stream_that_never_ends(self):
        for path in ("/once", "/silent", "/flood?1000000000"):
            head, body = self.raw(path, method="HEAD")
            self.assertIn("200 ok", head)
            self.assertEqual(body, b"")

    def test_a_connection_goes_on_behind_a_stream(self):
        with wire.Client(self.host.port()) as client:
            for _ in range(3):
                self.assertEqual(client.request("GET", "/once").body, b"data: 1\n\n")
                self.assertEqual(client.request("HEAD", "/silent").body, b"")

    def test_an_announced_length_is_kept(self):
        for path in ("/exact", "/over"):
            head, body = self.raw(path)
            self.assertIn("content-length: 5", head)
            self.assertEqual(body, b"12345")

    def test_a_body_that_is_too_short_does_not_look_whole(self):
        with wire.Client(self.host.port()) as client:  # a connection that stays would take the next head for the rest of it
            client.send(b"GET /short HTTP/1.1\r\nHost: a\r\n\r\nGET /once HTTP/1.1\r\nHost: a\r\n\r\n")
            received = b""
            with contextlib.suppress(ConnectionResetError):
                while piece := client.sock.recv(4096):
                    received += piece
        self.assertLess(len(received.partition(b"\r\n\r\n")[2]), 5)
        self.assertLessEqual(received.count(b"HTTP/1.1"), 1)

    def test_a_stream_that_is_broken_off_does_not_look_whole(self):
        _, body = self.raw("/abort")
        self.assertNotIn(b"0\r\n\r\n", body)

    def test_all_of_a_large_stream_arrives(self):
        with wire.Client(self.host.port()) as client:
            self.assertEqual(len(client.request("GET", f"/flood?{8 * MIB + 1}").body), 8 * MIB + 1)

    def test_a_slow_reader_grows_nothing(self):
        before, written = self.host.memory(), fixtures.state(self.host)["written"]
        with wire.connect(self.host.port()) as sock:
            sock.sendall(ask(f"/flood?{100 * MIB}"))
            now = fixtures.wait_for_state(self.host, lambda s: s["busy"] and s["written"] > written, "a full window")
            for _ in range(50):  # it reads a little, and the window opens again and again
                self.assertTrue(sock.recv(65536))
            self.assertLess(self.host.memory() - before, 4 * MIB)
            self.assertLess(fixtures.state(self.host)["written"] - written, 20 * MIB)
        self.assertGreater(now["busy"], 0)

    def test_a_client_that_leaves_a_silent_stream_is_noticed(self):
        before = fixtures.state(self.host)
        sock = wire.connect(self.host.port())
        sock.sendall(ask("/silent"))
        while b"data: 1" not in sock.recv(65536):
            pass
        self.assertEqual(fixtures.state(self.host)["cancelled"], before["cancelled"])
        sock.close()
        fixtures.wait_for_state(self.host, lambda s: s["cancelled"] == before["cancelled"] + 1, "the cancellation")

    def test_a_client_that_resets_a_running_stream_is_noticed(self):
        before = fixtures.state(self.host)
        sock = wire.connect(self.host.port())
        sock.sendall(ask(f"/flood?{1000 * MIB}"))
        sock.recv(65536)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
        fixtures.wait_for_state(self.host, lambda s: s["cancelled"] == before["cancelled"] + 1, "the cancellation")


if __name__ == "__main__":
    unittest.main()
