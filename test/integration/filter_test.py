# SPDX-License-Identifier: Apache-2.0
"""Filters around a forwarded request, which answer, fail and wait while its response is on its way."""
import time

import fixtures
import forwarder
import harness
import wire
from forwarder import forwarding

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n"


def slow_body(_, sock):
    """The head and a part of the body first: what follows comes while the filter has had its say."""
    sock.sendall(HEAD + b"a" * 1000)
    for _ in range(19):
        time.sleep(0.01)
        sock.sendall(b"b" * 20000)
    sock.sendall(b"c" * 19000)
    return b""


def echo(request, _):
    return wire.answer(request.body)


class Meddling(forwarder.Case):
    def host(self, upstream, *modules, **more):
        modules = modules or ("meddler",)
        filters = {m: {"use": m, "on_error": "closed"} for m in modules}
        return forwarding(upstream, *(str(fixtures.FOLDER / f"{m}.so") for m in modules), filters=filters, **more)

    def do(self, client, what, method="GET", body=b""):
        return client.request(method, "/", [("X-Do", what)], body)

    def test_a_filter_may_answer_instead_of_the_upstream(self):
        with wire.Upstream(slow_body) as upstream, self.host(upstream) as host, wire.Client(host.port()) as client:
            for _ in range(3):
                answer = self.do(client, "respond")
                self.assertEqual((answer.status, answer.body), (418, b"teapot"))
            self.assertEqual(len(self.do(client, "nothing").body), 400000)

    def test_fields_set_before_there_is_a_response_win_over_the_upstream_s(self):
        reply = wire.answer(headers=[("access-control-allow-origin", "*"), ("Vary", "Accept"), ("Server", "x"), ("X-Own", "1")])
        with wire.Upstream(reply) as upstream, self.host(upstream) as host, wire.Client(host.port()) as client:
            for _ in range(2):
                answer = self.do(client, "early")
                self.assertEqual((answer.status, answer.body), (200, b"ok"))
                self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["https://here"])
                self.assertEqual(answer.all("Vary"), ["Accept", "Origin"])
                self.assertEqual((answer["Server"], answer["X-Own"]), (None, "1"))
            self.assertEqual(self.do(client, "nothing")["Server"], "x")  # nothing is left for the next request

    def test_fields_set_before_there_is_a_response_are_on_errors_too(self):
        with wire.Upstream(lambda *_: None) as upstream, self.host(upstream) as host:
            answer = host.get("/", [("X-Do", "early")])
            self.assertEqual((answer.status, answer["Access-Control-Allow-Origin"]), (502, "https://here"))

    def test_a_filter_that_fails_or_does_not_decide_is_503(self):
        with wire.Upstream(slow_body) as upstream, self.host(upstream) as host, wire.Client(host.port()) as client:
            for what in ("fail", "wait"):
                answer = self.do(client, what)
                self.assertEqual((answer.status, answer.json()["code"]), (503, 503))
            self.assertEqual(len(self.do(client, "nothing").body), 400000)

    def test_one_that_fails_in_the_body_cuts_the_response(self):
        with wire.Upstream(slow_body) as upstream, self.host(upstream) as host:
            with wire.Client(host.port()) as client:
                client.send(wire.request_bytes("GET", "/", [("X-Do", "fail-body")]))
                with self.assertRaises(EOFError):
                    client.response()
            self.assertEqual(host.get("/").status, 200)

    def test_the_upstream_breaks_off_while_a_filter_waits(self):
        def script(_, sock):
            sock.sendall(HEAD + b"a" * 1000)

        with wire.Upstream(script) as upstream, self.host(upstream) as host, wire.Client(host.port()) as client:
            self.assertIn(self.do(client, "wait").status, (502, 503))

    def test_the_client_leaves_while_a_filter_waits(self):
        with wire.Upstream(slow_body) as upstream, self.host(upstream) as host:
            before = host.open_files()
            for _ in range(5):
                with wire.Client(host.port()) as client:
                    client.send(wire.request_bytes("GET", "/", [("X-Do", "wait")]))
                    upstream.wait_for_requests(1)
            harness.wait_for(lambda: host.open_files() <= before + 1 or None, 5, "closed sockets")
            self.assertEqual(host.get("/").status, 200)

    def test_both_bodies_may_be_rewritten_however_long_they_are(self):
        body = b"abcdefghij" * 400_000
        with wire.Upstream(echo) as upstream, self.host(upstream) as host, wire.Client(host.port()) as client:
            self.assertTrue(self.do(client, "upper", "POST", body).body == body.upper())
            self.assertTrue(upstream.requests[0].body == body.upper())
            self.assertEqual(self.do(client, "upper", "POST", b"short").body, b"SHORT")

    def test_whole_bodies_may_be_rewritten(self):
        def pieces(request, sock):
            sock.sendall(b"HTTP/1.1 200 OK\r\nX-Long: %s\r\nContent-Length: %d\r\n\r\n" % (b"v" * 100, len(request.body)))
            for i in range(0, len(request.body), 50_000):
                time.sleep(0.01)
                sock.sendall(request.body[i : i + 50_000])
            return b""

        with wire.Upstream(pieces) as upstream, self.host(upstream, "hoarder") as host, wire.Client(host.port()) as client:
            for size in (5, 200_000, 0):
                answer = client.request("POST", "/", (), b"q" * size)
                self.assertEqual((answer.status, answer["X-Long"]), (200, "v" * 100))
                self.assertTrue(answer.body == b"Q" * size)
                self.assertTrue(upstream.requests[-1].body == b"Q" * size)
            self.assertEqual(client.request("POST", "/", (), b"q" * 300_000).status, 413)
        big = wire.answer(b"r" * 300_000)
        with wire.Upstream(big) as upstream, self.host(upstream, "hoarder") as host, wire.Client(host.port()) as client:
            for _ in range(2):
                self.assertEqual(client.request("GET", "/").status, 502)
