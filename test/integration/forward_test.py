# SPDX-License-Identifier: Apache-2.0
"""From the client through forward.so to the upstream and back: fields, paths, failures, retries, pace."""
import threading
import time

import forwarder
import harness
import wire
from forwarder import forwarding

OK = b"HTTP/1.1 200 OK\r\n"
ROOM = 3_000_000 if harness.SLOW == 1 else 64_000_000  # a sanitizer keeps what was freed


def seen(upstream, host, headers=(), target="/", **options):
    """What arrives upstream of a request with those fields."""
    host.get(target, headers, **options)
    return upstream.requests[-1]


class Fields(forwarder.Case):
    def test_hop_by_hop_fields_end_here_both_ways(self):
        reply = wire.answer(headers=[("Connection", "X-Mine"), ("X-Mine", "1"), ("Keep-Alive", "timeout=5"),
                                     ("Proxy-Authenticate", "Basic"), ("Trailer", "X"), ("Upgrade", "h2c"), ("X-Kept", "1")])
        sent = [("Connection", "X-Yours, keep-alive"), ("X-Yours", "1"), ("Keep-Alive", "5"), ("TE", "gzip"),
                ("Proxy-Authorization", "x"), ("Proxy-Connection", "x"), ("Upgrade", "h2c"), ("X-Kept", "1")]
        with wire.Upstream(reply) as upstream, forwarding(upstream) as host:
            answer = host.get("/", sent)
            request = upstream.requests[0]
            for message in (answer, request):
                self.assertEqual(message["X-Kept"], "1")
                for name in ("X-Mine", "X-Yours", "Connection", "Keep-Alive", "Proxy-Authenticate", "TE", "Trailer",
                             "Proxy-Authorization", "Proxy-Connection", "Upgrade"):
                    self.assertNotIn(name, message)

    def test_what_only_a_proxy_may_say_is_not_believed_of_a_client(self):
        lies = [(name, "lie") for name in (
            "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port",
            "X-Forwarded-Anything", "X-Real-IP", "X-Request-Id", "Micro-Service", "Micro-Anything", "X-Micro-Id",
            "X-Micro-Anything", "X_Real_IP", "X_Forwarded_For", "Micro_Service", "x_micro_anything")]
        with wire.Upstream() as upstream, forwarding(upstream) as host:
            request = seen(upstream, host, [("Host", "name:1"), *lies, ("X_Other", "kept")])
            self.assertNotIn("lie", [value for _, value in request.headers])
            for name, value in {"Host": "name:1", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http",
                                "X-Forwarded-Host": "name:1", "X-Real-IP": "127.0.0.1", "X_Other": "kept"}.items():
                self.assertEqual(request.all(name), [value])

    def test_a_trusted_proxy_is_believed(self):
        with wire.Upstream() as upstream, forwarding(upstream, trusted_proxies=["127.0.0.0/8", "10.0.0.0/8"]) as host:
            request = seen(upstream, host, [
                ("X-Forwarded-For", "6.6.6.6, 192.0.2.7"), ("X-Forwarded-For", "10.1.2.3"), ("X-Forwarded-Proto", "https"),
                ("X-Forwarded-Host", "outer"), ("X-Request-Id", "abc"), ("Micro-Anything", "kept")])
            for name, value in {"X-Forwarded-For": "6.6.6.6, 192.0.2.7, 10.1.2.3, 127.0.0.1", "X-Real-IP": "192.0.2.7",
                                "X-Forwarded-Proto": "https", "X-Forwarded-Host": "outer", "X-Request-Id": "abc",
                                "Micro-Anything": "kept"}.items():
                self.assertEqual(request.all(name), [value], name)

    def test_a_peer_outside_the_trusted_ranges_is_not(self):
        with wire.Upstream() as upstream, forwarding(upstream, trusted_proxies=["10.0.0.0/8"]) as host:
            request = seen(upstream, host, [("X-Forwarded-For", "6.6.6.6"), ("X-Request-Id", "abc")])
            self.assertEqual(request.all("X-Forwarded-For"), ["127.0.0.1"])
            self.assertNotEqual(request["X-Request-Id"], "abc")

    def test_every_request_has_an_id_and_a_trace(self):
        with wire.Upstream() as upstream, forwarding(upstream) as host:
            trace = "0af7651916cd43dd8448eb211c80319c"
            answers = [host.get("/"), host.get("/", [("traceparent", f"00-{trace}-b7ad6b7169203331-01"), ("tracestate", "a=b")])]
            plain, traced = upstream.requests
            self.assertRegex(plain["X-Request-Id"], r"^[0-9a-f]{32}$")
            self.assertNotEqual(plain["X-Request-Id"], traced["X-Request-Id"])
            self.assertEqual([a["X-Request-Id"] for a in answers], [plain["X-Request-Id"], traced["X-Request-Id"]])
            self.assertRegex(plain["traceparent"], r"^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$")
            self.assertTrue(traced["traceparent"].startswith(f"00-{trace}-"), traced["traceparent"])
            self.assertNotIn("b7ad6b7169203331", traced["traceparent"])
            self.assertEqual(traced["tracestate"], "a=b")

    def test_the_path_is_forwarded_in_normal_form(self):
        cases = {"/a/./b/../c": "/a/c", "//a///b": "/a/b", "/%61%2f%7e?%61=%2F&b": "/a%2F~?%61=%2F&b", "/a?": "/a?", "/": "/",
                 "http://other/x?y": "/x?y", "http://other": "/", "/\u00e4": "/%E4"}
        with wire.Upstream() as upstream, forwarding(upstream) as host:
            for target, normal in cases.items():
                with self.subTest(target):
                    self.assertEqual(seen(upstream, host, target=target).target, normal)
            self.assertEqual(seen(upstream, host, target="http://other:8/x")["Host"], "other:8")

    def test_an_old_client_without_host_and_with_an_absolute_target(self):
        with wire.Upstream(lambda r, s: time.sleep(0.05) or wire.answer()) as upstream, forwarding(upstream) as host:
            self.assertIn(b" 200 ", wire.raw(host.port(), b"GET http://old HTTP/1.0\r\nX-A: 1\r\n\r\n"))
            request = upstream.requests[0]
            self.assertEqual((request.target, request["Host"], request["X-A"]), ("/", "old", "1"))


class ProxyProtocol(forwarder.Case):
    V2 = b"\r\n\r\n\x00\r\nQUIT\n" + b"\x21\x11\x00\x0c" + bytes([192, 0, 2, 9, 127, 0, 0, 1]) + b"\x10\x00\x00\x50"
    V1 = b"PROXY TCP4 192.0.2.8 127.0.0.1 4096 80\r\n"

    def test_both_versions_name_the_client(self):
        with wire.Upstream() as upstream, forwarding(upstream, listener={"proxy_protocol": True}) as host:
            for header, address in ((self.V1, "192.0.2.8"), (self.V2, "192.0.2.9")):
                for cut in (0, 5, len(header)):
                    with self.subTest(address, cut=cut), wire.Client(host.port()) as client:
                        client.send(header[:cut])
                        time.sleep(0.01)
                        client.send(header[cut:] + wire.request_bytes("GET", "/1") + wire.request_bytes("GET", "/2"))
                        self.assertEqual([client.response().status for _ in range(2)], [200, 200])
                        self.assertEqual(upstream.requests[-1]["X-Forwarded-For"], address)
                        self.assertEqual(upstream.requests[-1]["X-Real-IP"], address)

    def test_without_the_header_nothing_is_served(self):
        with wire.Upstream() as upstream, forwarding(upstream, listener={"proxy_protocol": True}) as host:
            self.assertEqual(wire.raw(host.port(), wire.request_bytes("GET", "/")), b"")
            self.assertEqual(upstream.requests, [])

    def test_where_it_is_not_expected_it_is_no_request(self):
        with wire.Upstream() as upstream, forwarding(upstream) as host:
            self.assertIn(b" 400 ", wire.raw(host.port(), self.V1 + wire.request_bytes("GET", "/")))

    def test_the_clients_behind_it_are_what_is_counted(self):
        limits = {"max_connections_per_peer": 1}
        with wire.Upstream() as upstream, forwarding(upstream, listener={"proxy_protocol": True}, limits=limits) as host:
            with wire.Client(host.port()) as one, wire.Client(host.port()) as same, wire.Client(host.port()) as other:
                one.send(self.V1 + wire.request_bytes("GET", "/"))
                self.assertEqual(one.response().status, 200)
                other.send(self.V2 + wire.request_bytes("GET", "/"))
                self.assertEqual(other.response().status, 200)
                same.send(self.V1 + wire.request_bytes("GET", "/"))
                self.assertTrue(same.closed())


class Trailers(forwarder.Case):
    REPLY = OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nContent-Length: 9\r\nMicro-Id: 1\r\n\r\n"

    def test_of_a_request_go_on_but_those_that_count_do_not(self):
        body = b"2\r\nhi\r\n0\r\nX-Sum: 5\r\nContent-Length: 9\r\nX-Forwarded-For: 1.1.1.1\r\nMicro-Id: 1\r\n\r\n"
        with wire.Upstream() as upstream, forwarding(upstream) as host:
            self.assertEqual(host.post("/", body, [("Transfer-Encoding", "chunked")]).status, 200)
            self.assertEqual((upstream.requests[0].body, upstream.requests[0].trailers), (b"hi", [("X-Sum", "5")]))

    def test_of_a_response_go_to_who_takes_them(self):
        with wire.Upstream(self.REPLY) as upstream, forwarding(upstream) as host, wire.Client(host.port()) as client:
            for te, trailers in ((None, []), ("trailers", [("X-Sum", "7")]), ("gzip, Trailers", [("X-Sum", "7")]), ("gzip", [])):
                with self.subTest(te):
                    answer = client.request("GET", "/", [("TE", te)] if te else [])
                    self.assertEqual((answer.body, answer.trailers), (b"ok", trailers))
                    self.assertEqual(upstream.requests[-1]["TE"], "trailers" if trailers else None)
            old = wire.raw(host.port(), b"GET / HTTP/1.0\r\nHost: a\r\nTE: trailers\r\n\r\n")
            self.assertTrue(old.endswith(b"\r\n\r\nok"), old)

    def test_pass_a_filter(self):
        with wire.Upstream(self.REPLY) as upstream, forwarding(upstream, "stamp.so") as host:
            self.assertEqual(host.get("/", [("TE", "trailers")]).trailers, [("X-Sum", "7")])


class Failures(forwarder.Case):
    def test_an_answer_that_is_cut_never_looks_whole(self):
        cut = {"length": OK + b"Content-Length: 10\r\n\r\nhello", "chunked": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
               "chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhello"}
        for name, reply in cut.items():
            with wire.Upstream(lambda r, sock, b=reply: sock.sendall(b)) as upstream, forwarding(upstream) as host:
                with self.subTest(name), wire.Client(host.port()) as client:
                    client.send(wire.request_bytes("GET", "/"))
                    with self.assertRaises(EOFError):
                        client.response()
                with self.subTest(name, version="1.0"), wire.connect(host.port()) as sock:
                    sock.sendall(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
                    if name == "length":
                        with self.assertRaises(EOFError):
                            wire.Reader(sock).message("GET")
                    else:  # only a reset can tell it
                        with self.assertRaises(ConnectionResetError):
                            while sock.recv(1000):
                                pass

    def test_nobody_there_is_502_and_slow_is_504(self):
        with wire.Upstream(lambda r, s: time.sleep(2)) as upstream:
            with forwarding(upstream, forward={"response_timeout": "300ms"}) as host:
                started = time.monotonic()
                answer = host.get("/")
                self.assertEqual((answer.status, answer.json()["code"]), (504, 504))
                self.assertLess(time.monotonic() - started, 1.5 * harness.SLOW)
            upstream.close()
            with forwarding(upstream) as host:
                self.assertEqual(host.get("/").status, 502)
                host.wait_for_log('"reason":"Connection refused"')

    def test_an_upstream_that_takes_no_connection_is_504(self):
        import socket
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
            fillers = []
            for _ in range(4):  # until the queue is full and further SYNs are dropped
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
                fillers.append(filler)
            with forwarding(full.getsockname()[1], forward={"connect_timeout": "300ms"}) as host:
                self.assertEqual(host.get("/").status, 504)
            for filler in fillers:
                filler.close()

    def test_a_body_of_known_length_that_stalls_is_cut(self):
        def script(_, sock):
            sock.sendall(OK + b"Content-Length: 10\r\n\r\nhello")
            time.sleep(3)

        with wire.Upstream(script) as upstream, forwarding(upstream, forward={"response_timeout": "300ms"}) as host:
            started = time.monotonic()
            with self.assertRaises(EOFError):
                host.get("/")
            self.assertLess(time.monotonic() - started, 2 * harness.SLOW)

    def test_early_answers_are_passed_on(self):
        reply = wire.answer("no", "413 Content Too Large", [("Connection", "close")])
        with EarlyUpstream(reply) as upstream, forwarding(upstream.port) as host, wire.Client(host.port()) as client:
            client.send(wire.request_bytes("POST", "/", [("Content-Length", "5000000")]))
            sender = threading.Thread(target=self.send_all, args=(client, 5_000_000))
            sender.start()
            answer = client.response()
            self.assertEqual((answer.status, answer.body), (413, b"no"))
            sender.join()

    @staticmethod
    def send_all(client, size):
        try:
            client.send(b"x" * size)
        except OSError:
            pass

    def test_1xx_of_the_upstream_are_not_final_and_101_must_be_asked_for(self):
        with wire.Upstream(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + wire.answer()) as upstream:
            with forwarding(upstream) as host, wire.Client(host.port()) as client:
                for _ in range(2):
                    self.assertEqual(client.request("GET", "/").body, b"ok")
        with wire.Upstream(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nTUNNEL") as upstream:
            with forwarding(upstream) as host:
                self.assertEqual(host.get("/").status, 502)


class Informational(forwarder.Case):
    """1xx of an upstream on their way to the client (RFC 9110 15.2)."""

    HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n"

    def test_hints_reach_the_client_before_the_answer_does(self):
        asked = threading.Event()

        def script(_, sock):
            sock.sendall(self.HINTS + b"HTTP/1.1 100 Continue\r\n\r\n")
            asked.wait(10)  # the answer comes only when the client has seen the hint
            return wire.answer()

        with wire.Upstream(script) as upstream, forwarding(upstream) as host, wire.Client(host.port()) as client:
            for _ in range(2):
                asked.clear()
                client.send(wire.request_bytes("GET", "/"))
                hint = client.reader.message(answer_to="GET")
                self.assertEqual((hint.status, hint["Link"]), (103, "</a.css>; rel=preload"))
                self.assertEqual(hint.headers, [("Link", "</a.css>; rel=preload")])
                asked.set()
                client.informational.clear()
                self.assertEqual(client.response().body, b"ok")
                self.assertEqual(client.informational, [])  # nobody asked for 100

    def test_several_in_one_piece_with_the_answer_and_through_a_filter(self):
        with wire.Upstream(self.HINTS * 3 + wire.answer()) as upstream, forwarding(upstream, "stamp.so") as host:
            with wire.Client(host.port()) as client:
                for _ in range(2):
                    client.informational.clear()
                    self.assertEqual(client.request("POST", "/", (), b"x" * 10).body, b"ok")
                    self.assertEqual([m.status for m in client.informational], [103] * 3)

    def test_a_client_of_http_1_0_gets_none(self):
        with wire.Upstream(self.HINTS + wire.answer()) as upstream, forwarding(upstream) as host:
            answer = wire.raw(host.port(), b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)

    def test_a_flood_of_them_grows_nothing(self):
        many, sent = 60_000_000 // len(self.HINTS), threading.Event()

        def script(request, sock):
            if request.target == "/flood":
                for _ in range(many // 1000):
                    sock.sendall(self.HINTS * 1000)
                sent.set()
            return wire.answer()

        patient = {"response_timeout": "60s"}
        with wire.Upstream(script) as upstream, forwarding(upstream, forward=patient) as host, wire.Client(host.port()) as client:
            host.get("/", [("X-Warm", "up")])
            before = host.memory()
            client.send(wire.request_bytes("GET", "/flood"))  # and reads nothing for now
            self.assertTrue(sent.wait(30 * harness.SLOW), "the upstream is held up by a client that does not read")
            if harness.SLOW == 1:  # a sanitizer keeps what is freed
                self.assertLess(host.memory() - before, 8_000_000)
            self.assertEqual(client.response().body, b"ok")
            self.assertLess(len(client.informational), many // 1000 * 1000)


class EarlyUpstream:
    """Answers after the head, reads no body, closes."""

    def __init__(self, reply):
        import socket
        self.reply, self.listener = reply, socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        sock, _ = self.listener.accept()
        wire.Reader(sock).until(b"\r\n\r\n")
        sock.sendall(self.reply)
        time.sleep(0.2)
        sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


class Stale(forwarder.Case):
    """A kept-alive connection that the upstream closes under a request."""

    def once(self, method, body=b""):
        """Status of a request on a connection that dies under it, and how often the request arrived."""
        def script(request, sock):
            with lock:
                number = served.setdefault(sock, 0)
                served[sock] += 1
            if number:  # the second of a connection: it dies
                return None
            return wire.answer()

        lock, served = threading.Lock(), {}
        with wire.Upstream(script) as upstream, forwarding(upstream) as host, wire.Client(host.port()) as client:
            self.assertEqual(client.request("GET", "/first").status, 200)
            status = client.request(method, "/second", (), body).status
            return status, sum(r.target == "/second" for r in upstream.requests)

    def test_what_may_be_repeated_is_repeated_once(self):
        for method in ("GET", "HEAD", "DELETE", "OPTIONS"):
            with self.subTest(method):
                self.assertEqual(self.once(method), (200, 2))

    def test_what_may_not_is_not(self):
        for method, body in (("POST", b""), ("POST", b"x"), ("PATCH", b""), ("PUT", b"x")):
            with self.subTest(method, body=body):
                self.assertEqual(self.once(method, body), (502, 1))

    def test_a_fresh_connection_that_dies_is_not_tried_again(self):
        with wire.Upstream([None]) as upstream, forwarding(upstream) as host:
            self.assertEqual(host.get("/").status, 502)
            self.assertEqual(len(upstream.requests), 1)

    def test_an_idle_connection_that_the_upstream_closed_is_not_used(self):
        with wire.Upstream() as upstream, forwarding(upstream) as host, wire.Client(host.port()) as client:
            self.assertEqual(client.request("GET", "/").status, 200)
            upstream.drop_connections()
            harness.wait_for(lambda: not upstream.connections, 5, "the end of the connection")
            time.sleep(0.05)
            self.assertEqual(client.request("POST", "/", (), b"x").status, 200)


class Pace(forwarder.Case):
    SIZE = 200_000_000

    def test_a_slow_reader_grows_nothing(self):
        def script(_, sock):
            sock.sendall(OK + b"Content-Length: %d\r\n\r\n" % self.SIZE)
            piece = b"x" * 1_000_000
            for _ in range(self.SIZE // len(piece)):
                sock.sendall(piece)
            return b""

        with wire.Upstream(script) as upstream, forwarding(upstream) as host, wire.Client(host.port()) as client:
            before = host.memory()
            client.send(wire.request_bytes("GET", "/"))
            time.sleep(1)
            self.assertLess(host.memory() - before, ROOM)
            client.reader.until(b"\r\n\r\n")
            left, most = self.SIZE - len(client.reader.buffer), 0
            while left:
                left -= len(client.sock.recv(1 << 20))
                if left % 7 == 0:
                    most = max(most, host.memory())
            self.assertLess(most - before, ROOM)

    def test_a_slow_upstream_grows_nothing(self):
        with SlowUpstream(self.SIZE) as upstream, forwarding(upstream.port) as host, wire.Client(host.port(), 60) as client:
            before = host.memory()
            client.send(wire.request_bytes("POST", "/", [("Content-Length", str(self.SIZE))]))
            sender = threading.Thread(target=self.send, args=(client,))
            sender.start()
            time.sleep(1)
            self.assertLess(host.memory() - before, ROOM)
            self.assertTrue(sender.is_alive(), "it waits")
            upstream.go.set()
            self.assertEqual(client.response().json(), self.SIZE)
            sender.join()
            self.assertLess(host.memory() - before, ROOM)

    def send(self, client):
        piece = b"x" * 1_000_000
        for _ in range(self.SIZE // len(piece)):
            client.send(piece)

    def test_others_are_served_while_somebody_sends_as_fast_as_we_read(self):
        with SlowUpstream(self.SIZE) as upstream, forwarding(upstream.port) as host, wire.Client(host.port(), 60) as client:
            upstream.go.set()
            client.send(wire.request_bytes("POST", "/", [("Content-Length", str(self.SIZE))]))
            sender = threading.Thread(target=self.send, args=(client,))
            sender.start()
            while sender.is_alive():
                started = time.monotonic()
                self.assertIn(b" 400 ", wire.raw(host.port(), b"x\r\n\r\n"))
                self.assertLess(time.monotonic() - started, 1.5 * harness.SLOW)
            sender.join()
            self.assertEqual(client.response().json(), self.SIZE)


class SlowUpstream:
    """Reads the head, and the body only when told to; answers with its size."""

    def __init__(self, size):
        import socket
        self.size, self.go, self.listener = size, threading.Event(), socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        sock, _ = self.listener.accept()
        with sock:
            reader = wire.Reader(sock)
            reader.until(b"\r\n\r\n")
            self.go.wait(30)
            got = len(reader.buffer)
            while got < self.size and (part := sock.recv(1 << 20)):
                got += len(part)
            sock.sendall(wire.answer(str(got)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
