# SPDX-License-Identifier: Apache-2.0
"""compress.so in the program."""
import gzip
import hashlib
import random
import threading
import unittest
import zlib

import fixtures
import harness
import wire
from forwarder import Case, forwarding
from harness import wait_for

TEXT = b"the same words again and again, " * 500  # 16 kB
GZIP = [("Accept-Encoding", "gzip")]


def chunked(*pieces, head=()):
    """A script: sends the pieces one by one, each once the test says so, or at once."""
    lines = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", *(f"{n}: {v}" for n, v in head), "", ""]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
    return "\r\n".join(lines).encode() + chunks


class Compress(Case):
    def packing(self, upstream, **options):
        return forwarding(upstream, "compress.so", filters={"compress": {"config": options}})

    def served(self, body, *headers, status="200 OK", kind="text/plain"):
        return wire.answer(body, status, [("Content-Type", kind), *headers])

    def test_what_a_client_understands_is_packed(self):
        tags = [("ETag", '"one"'), ("Accept-Ranges", "bytes")]
        with wire.Upstream(self.served(TEXT, *tags)) as upstream, self.packing(upstream) as host:
            plain = host.get("/")
            self.assertEqual((plain.body, plain["Content-Encoding"], plain["Vary"], plain["Content-Length"], plain["ETag"]),
                             (TEXT, None, "Accept-Encoding", str(len(TEXT)), '"one"'))
            for _ in range(2):  # the second one uses the first one's memory
                packed = host.get("/", [("Accept-Encoding", "br;q=1.0"), ("Accept-Encoding", "gzip;q=0.5")])
                self.assertEqual((packed["Content-Encoding"], packed["ETag"], packed["Accept-Ranges"]), ("gzip", 'W/"one"', None))
                self.assertEqual(gzip.decompress(packed.body), TEXT)
                self.assertLess(len(packed.body), len(TEXT) // 10)
            self.assertEqual(host.get("/", [("Accept-Encoding", "gzip;q=0")]).body, TEXT)

    # Micro's gzip plugin said Content-Encoding before there was a response: for 204, 304 and websockets, too.
    def test_nothing_is_packed_that_has_no_body_or_must_not_change(self):
        rows = {
            "204": (wire.answer(b"", "204 No Content", [("Content-Type", "text/plain")]), "GET"),
            "304": (b"HTTP/1.1 304 Not Modified\r\nETag: \"one\"\r\n\r\n", "GET"),
            "206": (self.served(TEXT, ("Content-Range", "bytes 0-15999/99999"), status="206 Partial Content"), "GET"),
            "HEAD": (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 16000\r\n\r\n", "HEAD"),
            "no-transform": (self.served(TEXT, ("Cache-Control", "public, no-transform")), "GET"),
            "packed already": (self.served(gzip.compress(TEXT), ("Content-Encoding", "gzip")), "GET"),
            "an image": (self.served(TEXT, kind="image/png"), "GET"),
            "no type": (wire.answer(TEXT), "GET"),
            "short": (self.served(TEXT[:1023]), "GET"),
            "an event stream": (chunked(TEXT[:100], head=[("Content-Type", "text/event-stream")]), "GET"),
        }
        for what, (reply, method) in rows.items():
            with self.subTest(what), wire.Upstream(reply) as upstream, self.packing(upstream) as host:
                answer = host.request(method, "/", GZIP)
                expected = wire.Message(reply.partition(b"\r\n\r\n")[0])
                self.assertEqual(answer["Content-Encoding"], expected["Content-Encoding"])
                self.assertEqual(answer["ETag"], expected["ETag"])
                if what not in ("204", "304", "an event stream"):
                    self.assertEqual(answer["Content-Length"], expected["Content-Length"])
                    self.assertEqual(answer.body, reply.partition(b"\r\n\r\n")[2])

    def test_a_websocket_passes(self):
        reply = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                   ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), *GZIP]
        with wire.Upstream(reply) as upstream, self.packing(upstream) as host, wire.Client(host.port()) as client:
            answer = client.request("GET", "/", upgrade)
            self.assertEqual((answer.status, answer["Content-Encoding"]), (101, None))

    def test_a_stream_can_be_read_as_it_comes(self):
        gate = threading.Event()

        def script(_, connection):
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            connection.sendall(head + b"5\r\nfirst\r\n")
            gate.wait(10)
            return b"6\r\nsecond\r\n0\r\n\r\n"

        for types, encoding in ((["text/*"], None), (["text/event-stream"], "gzip")):
            gate.clear()
            with self.subTest(types), wire.Upstream(script) as upstream, self.packing(upstream, types=types) as host:
                with wire.Client(host.port()) as client:
                    client.send(wire.request_bytes("GET", "/", GZIP))
                    head = wire.Message(client.reader.until(b"\r\n\r\n"))
                    self.assertEqual(head["Content-Encoding"], encoding)
                    reader = zlib.decompressobj(31) if encoding else None
                    read = reader.decompress if reader else bytes
                    seen = b""
                    while seen != b"first":
                        seen += read(client.reader.chunk())
                    gate.set()
                    while part := client.reader.chunk():
                        seen += read(part)
                    self.assertEqual(seen, b"firstsecond")
                    if reader:
                        self.assertTrue(reader.eof)

    def test_answers_of_modules_are_packed_too_and_big_ones_in_pieces_come_whole(self):
        noise = random.Random(7).randbytes(3 << 20)
        with wire.Upstream(self.served(noise)) as upstream, self.packing(upstream) as host:
            answer = host.get("/", GZIP)
            self.assertEqual(answer["Content-Encoding"], "gzip")
            self.assertEqual(hashlib.sha256(gzip.decompress(answer.body)).digest(), hashlib.sha256(noise).digest())
        with harness.Microhost({"load": ["api.so", "compress.so"], "listeners": {"api": {"address": "127.0.0.1:0"}},
                                "filters": {"compress": {"config": {"min_size": 0}}}}) as host:
            answer = host.get("/", GZIP)
            self.assertEqual(answer["Content-Encoding"], "gzip")
            self.assertIn(b"version", gzip.decompress(answer.body))

    def test_clients_that_leave_in_the_middle_leave_nothing_behind(self):
        def leave(host):
            with wire.Client(host.port()) as client:
                client.send(wire.request_bytes("GET", "/", GZIP))
                client.reader.until(b"\r\n\r\n")

        with wire.Upstream(self.served(random.Random(7).randbytes(8 << 20)), record=False) as upstream, self.packing(
                upstream, max_streams=2) as host:
            for _ in range(20):
                leave(host)
            # Were their streams not given back, there would be none left.
            wait_for(lambda: host.get("/", GZIP)["Content-Encoding"] == "gzip", 5, "a free stream")

    def test_other_filters_see_the_plain_body(self):
        with wire.Upstream(self.served(TEXT)) as upstream, forwarding(
                upstream, "compress.so", str(fixtures.FOLDER / "meddler.so")) as host:
            answer = host.get("/", [("X-Do", "upper"), *GZIP])
            self.assertEqual(answer["Content-Encoding"], "gzip")
            self.assertEqual(gzip.decompress(answer.body), TEXT.upper())

    def test_what_no_filter_changes_keeps_its_length(self):
        def script(_, connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 10\r\n\r\nfirst")
            gate.wait(10)
            return b"after"

        gate = threading.Event()
        with wire.Upstream(script) as upstream, self.packing(upstream) as host, wire.Client(host.port()) as client:
            client.send(wire.request_bytes("GET", "/", GZIP))
            head = wire.Message(client.reader.until(b"\r\n\r\n"))
            self.assertEqual((head["Content-Length"], head["Transfer-Encoding"]), ("10", None))
            gate.set()
            self.assertEqual(client.reader.exactly(10), b"firstafter")


if __name__ == "__main__":
    unittest.main()
