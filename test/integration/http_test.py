# SPDX-License-Identifier: Apache-2.0
"""One connection of a client: what is kept alive, framed, refused and bounded. forward.so behind it."""
import socket
import threading
import time

import forwarder
import harness
import wire
from forwarder import forwarding


def echo(request, _):
    """Answers with the request's body; its target and method are fields."""
    return wire.answer(request.body, headers=[("X-Target", request.target), ("X-Method", request.method)])


def seconds_until_closed(sock):
    started = time.monotonic()
    while wire.receive(sock):
        pass
    return time.monotonic() - started


class Connections(forwarder.Case):
    def test_a_connection_carries_one_request_after_another(self):
        with wire.Upstream(echo) as upstream, forwarding(upstream) as host, wire.Client(host.port()) as client:
            for i in range(5):
                answer = client.request("POST", f"/{i}", (), b"x" * i)
                self.assertEqual((answer.status, answer.body, answer["X-Target"]), (200, b"x" * i, f"/{i}"))
                self.assertNotIn("Connection", answer)
            self.assertEqual(len(upstream.received), 1, "and so does the one behind it")

    def test_pipelined_requests_are_answered_in_order(self):
        def slow_first(request, sock):
            if request.target == "/0":
                time.sleep(0.2)
            return echo(request, sock)

        with wire.Upstream(slow_first) as upstream, forwarding(upstream) as host:
            with wire.Client(host.port()) as client:
                client.send(b"".join(wire.request_bytes("POST", f"/{i}", (), b"b" * (i * 1000)) for i in range(20)))
                for i in range(20):
                    answer = client.response()
                    self.assertEqual((answer["X-Target"], len(answer.body)), (f"/{i}", i * 1000))

    def test_requests_that_are_cut_anywhere_are_the_same_requests(self):
        request = wire.request_bytes("POST", "/cut", [("Transfer-Encoding", "chunked")], b"5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n")
        with wire.Upstream(echo) as upstream, forwarding(upstream) as host, wire.Client(host.port()) as client:
            for at in range(1, len(request), 7):
                client.send(request[:at])
                time.sleep(0.002)
                client.send(request[at:])
                self.assertEqual(client.response().body, b"hello!")

    def test_an_empty_body_is_a_body(self):
        with wire.Upstream(echo) as upstream, forwarding(upstream) as host, wire.Client(host.port()) as client:
            for _ in range(2):
                answer = client.request("POST", "/", [("Content-Length", "0")])
                self.assertEqual((answer.status, answer.body), (200, b""))
            self.assertEqual([r["Content-Length"] for r in upstream.requests], ["0", "0"])

    def test_close_is_honoured_and_said(self):
        with wire.Upstream() as upstream, forwarding(upstream) as host:
            with wire.Client(host.port()) as client:
                self.assertEqual(client.request("GET", "/", [("Connection", "close")])["Connection"], "close")
                self.assertTrue(client.closed())
            old = wire.raw(host.port(), b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            self.assertTrue(old.startswith(b"HTTP/1.1 200 ") and old.endswith(b"\r\n\r\nok"), old)
            with wire.Client(host.port()) as client:
                for _ in range(2):
                    client.send(b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
                    self.assertEqual(client.response()["Connection"], "keep-alive")

    def test_a_client_that_ended_its_direction_still_gets_its_answers(self):
        with wire.Upstream(echo) as upstream, forwarding(upstream) as host:
            two = wire.request_bytes("GET", "/1") + wire.request_bytes("POST", "/2", (), b"body")
            received = wire.raw(host.port(), two, half_close=True)
            self.assertEqual(received.count(b"HTTP/1.1 200"), 2)
            self.assertTrue(received.endswith(b"\r\n\r\nbody"), received)

    def test_head_has_the_fields_of_get_and_no_body(self):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\n"

        def script(request, _):
            return head if request.method == "HEAD" else head + b"hello"

        with wire.Upstream(script) as upstream, forwarding(upstream) as host, wire.Client(host.port()) as client:
            for _ in range(2):
                answer = client.request("HEAD", "/")
                self.assertEqual((answer.status, answer["Content-Length"], answer["X-A"]), (200, "5", "b"))
                self.assertEqual(client.request("GET", "/").body, b"hello")

    def test_204_and_304_end_with_their_head(self):
        for status in ("204 No Content", "304 Not Modified"):
            reply = f"HTTP/1.1 {status}\r\nETag: \"x\"\r\n\r\n".encode()
            with wire.Upstream(reply) as upstream, forwarding(upstream) as host, wire.Client(host.port()) as client:
                for _ in range(2):
                    answer = client.request("GET", "/")
                    self.assertEqual((answer.status, answer["ETag"]), (int(status[:3]), '"x"'))
                    self.assertNotIn("Transfer-Encoding", answer)


class Continue(forwarder.Case):
    EXPECT = [("Expect", "100-continue")]

    def test_is_said_when_the_body_is_wanted(self):
        with wire.Upstream(echo) as upstream, forwarding(upstream) as host, wire.Client(host.port()) as client:
            client.send(wire.request_bytes("POST", "/", [*self.EXPECT, ("Content-Length", "5")]))
            self.assertEqual(client.reader.until(b"\r\n\r\n"), b"HTTP/1.1 100 Continue\r\n\r\n")
            client.send(b"hello")
            self.assertEqual(client.response().body, b"hello")
            self.assertNotIn("Expect", upstream.requests[0])
            client.send(wire.request_bytes("POST", "/", self.EXPECT, b"at once"))
            self.assertEqual(client.response().body, b"at once")

    def test_a_body_that_is_too_long_is_refused_instead(self):
        with wire.Upstream(echo) as upstream, forwarding(upstream, limits={"stream_body_bytes": "1KiB"}) as host:
            with wire.Client(host.port()) as client:
                client.send(wire.request_bytes("POST", "/", [*self.EXPECT, ("Content-Length", "1025")]))
                answer = client.response()
                self.assertEqual((answer.status, client.informational), (413, []))
                self.assertEqual(answer["Connection"], "close")
                self.assertTrue(client.closed())
            self.assertEqual(upstream.received, [])

    def test_another_expectation_is_refused(self):
        with wire.Upstream() as upstream, forwarding(upstream) as host:
            self.assertEqual(host.post("/", b"x", [("Expect", "tea")]).status, 417)


class Limits(forwarder.Case):
    def test_a_body_may_be_as_long_as_the_limit(self):
        with wire.Upstream(echo) as upstream, forwarding(upstream, limits={"stream_body_bytes": "64KiB"}) as host:
            self.assertEqual(host.post("/", b"x" * 65536).status, 200)
            self.assertEqual(host.post("/", b"x" * 65537).status, 413)
            for size, status in ((65536, 200), (65537, 413)):
                chunks = b"".join(b"%x\r\n%s\r\n" % (n, b"x" * n) for n in (30000, size - 30000)) + b"0\r\n\r\n"
                with self.subTest(size=size):
                    answer = host.post("/", chunks, [("Transfer-Encoding", "chunked")])
                    self.assertEqual(answer.status, status)
            self.assertEqual([len(r.body) for r in upstream.requests], [65536, 65536])

    def test_a_head_may_be_as_long_as_the_limit(self):
        with wire.Upstream() as upstream, forwarding(upstream, limits={"header_bytes": "1KiB"}) as host:
            room = 1024 - len(wire.request_bytes("GET", "/", [("Host", "a"), ("X", "")]))
            self.assertEqual(host.get("/", [("Host", "a"), ("X", "x" * room)]).status, 200)
            self.assertEqual(host.get("/", [("Host", "a"), ("X", "x" * (room + 1))]).status, 431)
            with wire.Client(host.port()) as client:
                client.send(b"GET / HTTP/1.1\r\nX: " + b"x" * 2000)
                self.assertEqual(client.response().status, 431, "without waiting for its end")

    def test_a_request_line_may_be_as_long_as_the_limit(self):
        with wire.Upstream() as upstream, forwarding(upstream, limits={"request_line": "1KiB"}) as host:
            room = 1024 - len("GET / HTTP/1.1")
            self.assertEqual(host.get("/" + "x" * room).status, 200)
            self.assertEqual(host.get("/" + "x" * (room + 1)).status, 414)

    def test_there_may_be_as_many_fields_as_the_limit(self):
        with wire.Upstream() as upstream, forwarding(upstream, limits={"max_headers": 5}) as host:
            self.assertEqual(host.get("/", [("X", "y")] * 4).status, 200)
            self.assertEqual(host.get("/", [("X", "y")] * 5).status, 431)

    def test_answers_that_nobody_reads_hold_up_the_next_requests(self):
        with wire.Upstream(wire.answer(b"x" * 50_000)) as upstream, forwarding(upstream) as host:
            with wire.Client(host.port()) as client:
                client.send(wire.request_bytes("GET", "/") * 400)
                time.sleep(0.5)
                self.assertLess(len(upstream.requests), 390)
                for _ in range(400):
                    self.assertEqual(len(client.response().body), 50_000)

    def test_a_head_that_does_not_end_is_408(self):
        with wire.Upstream() as upstream, forwarding(upstream, limits={"header_timeout": "300ms"}) as host:
            with wire.Client(host.port()) as client:
                started = time.monotonic()
                client.send(b"GET / HTTP/1.1\r\n")
                timer = threading.Timer(0.2, lambda: client.send(b"X: y\r\n"))
                timer.start()
                self.assertEqual(client.response().status, 408)
                self.assertLess(time.monotonic() - started, 0.9 * harness.SLOW, "a byte now and then buys no time")
                self.assertTrue(client.closed())
            with wire.connect(host.port()) as silent:
                self.assertLess(seconds_until_closed(silent), 1.0 * harness.SLOW)

    def test_a_second_head_has_its_own_deadline(self):
        with wire.Upstream() as upstream, forwarding(upstream, limits={"header_timeout": "300ms"}) as host:
            with wire.Client(host.port()) as client:
                self.assertEqual(client.request("GET", "/").status, 200)
                time.sleep(0.6)
                self.assertEqual(client.request("GET", "/").status, 200, "idle is not slow")
                client.send(b"GET / HT")
                self.assertEqual(client.response().status, 408)

    def test_a_body_that_stalls_or_crawls_is_408(self):
        limits = {"body_timeout": "400ms", "body_min_rate": 1000}
        with wire.Upstream(echo) as upstream, forwarding(upstream, limits=limits) as host:
            with wire.Client(host.port()) as client:
                client.send(wire.request_bytes("POST", "/", [("Content-Length", "10")]) + b"x")
                self.assertEqual(client.response().status, 408)
                self.assertTrue(client.closed())
            with wire.Client(host.port()) as client:
                client.send(wire.request_bytes("POST", "/", [("Content-Length", "100000")]))
                stop = threading.Event()
                threading.Thread(target=self.crawl, args=(client, stop), daemon=True).start()
                self.assertEqual(client.response().status, 408)
                stop.set()
            with wire.Client(host.port()) as client:
                client.send(wire.request_bytes("POST", "/", [("Content-Length", "2000")]))
                for _ in range(20):
                    time.sleep(0.05)
                    client.send(b"x" * 100)
                self.assertEqual(client.response().status, 200, "fast enough")

    @staticmethod
    def crawl(client, stop):
        while not stop.wait(0.05):
            try:
                client.send(b"x")
            except OSError:
                return

    def test_an_idle_connection_is_closed(self):
        with wire.Upstream() as upstream, forwarding(upstream, limits={"idle_timeout": "300ms"}) as host:
            with wire.Client(host.port()) as client:
                self.assertEqual(client.request("GET", "/").status, 200)
                started = time.monotonic()
                self.assertTrue(client.closed())
                self.assertGreater(time.monotonic() - started, 0.25)

    def test_a_client_that_reads_nothing_is_let_go(self):
        body = b"x" * 64_000_000  # more than the sockets' buffers hold
        with wire.Upstream(wire.answer(body)) as upstream, forwarding(upstream, limits={"write_timeout": "500ms"}) as host:
            idle = host.open_files()
            with wire.Client(host.port()) as client:
                client.send(wire.request_bytes("GET", "/"))
                harness.wait_for(lambda: host.open_files() > idle or None, 5, "the connection")
                harness.wait_for(lambda: host.open_files() <= idle or None, 5, "the end of the connection")
                with self.assertRaises(EOFError):
                    client.response()

    def test_connections_of_a_listener_are_bounded(self):
        with wire.Upstream() as upstream, forwarding(upstream, limits={"max_connections": 2}) as host:
            with wire.Client(host.port()) as one, wire.Client(host.port()) as two:
                self.assertEqual([c.request("GET", "/").status for c in (one, two)], [200, 200])
                with wire.Client(host.port()) as three:
                    self.assertTrue(three.closed())
            harness.wait_for(lambda: self.served(host), 5, "room")

    def test_connections_of_a_peer_are_bounded(self):
        with wire.Upstream() as upstream, forwarding(upstream, limits={"max_connections_per_peer": 2}) as host:
            for _ in range(3):
                with wire.Client(host.port()) as one, wire.Client(host.port()) as two:
                    self.assertEqual([c.request("GET", "/").status for c in (one, two)], [200, 200])
                    with wire.Client(host.port()) as three:
                        self.assertTrue(three.closed())
                    other = socket.create_connection(("127.0.0.1", host.port()), 5, ("127.0.0.2", 0))
                    with other:
                        other.sendall(wire.request_bytes("GET", "/"))
                        self.assertIn(b" 200 ", other.recv(1000))
                harness.wait_for(lambda: self.served(host), 5, "room")

    @staticmethod
    def served(host):
        try:
            return host.get("/").status == 200
        except (EOFError, OSError):
            return False


class Refusals(forwarder.Case):
    def test_what_is_malformed_is_answered_once_and_the_connection_closed(self):
        cases = {
            b"GET / HTTP/1.1\nHost: a\n\n": 400,
            b"GET / HTTP/1.1\r\n\r\n": 400,
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n": 400,
            b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n": 400,
            b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n": 400,
            b"GET /\r\n\r\n": 400,
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx": 400,
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 400,
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n": 501,
            b"GET / HTTP/2.0\r\nHost: a\r\n\r\n": 505,
            b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n": 405,
            b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n": 405,
            b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n": 400,
            b"GET /../a HTTP/1.1\r\nHost: a\r\n\r\n": 400,
        }
        with wire.Upstream() as upstream, forwarding(upstream) as host:
            for request, status in cases.items():
                with self.subTest(request):
                    received = wire.raw(host.port(), request + wire.request_bytes("GET", "/next"))
                    self.assertTrue(received.startswith(b"HTTP/1.1 %d " % status), received)
                    self.assertEqual(received.count(b"HTTP/1.1 "), 1)
                    self.assertIn(b"Connection: close\r\n", received)
            self.assertEqual(upstream.requests, [])

    def test_a_malformed_chunk_is_400_and_the_upstream_sees_no_whole_request(self):
        with wire.Upstream(echo) as upstream, forwarding(upstream) as host, wire.Client(host.port()) as client:
            client.send(wire.request_bytes("POST", "/", [("Transfer-Encoding", "chunked")]) + b"2\r\nok\r\nzz\r\n")
            self.assertEqual(client.response().status, 400)
            self.assertTrue(client.closed())
            self.assertEqual(host.get("/").status, 200)
            self.assertEqual([r.method for r in upstream.requests], ["GET"])
