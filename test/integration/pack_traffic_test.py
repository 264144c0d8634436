# SPDX-License-Identifier: Apache-2.0
"""The modules that decide about traffic, in the program: rate-limit, cors, headers, compress, ip-allow, router."""
import gzip
import hashlib
import random
import threading
import zlib

import fixtures
import harness
import wire
from forwarder import Case, forwarding
from harness import wait_for


class Pack(Case):
    def refused(self, module, options, *words):
        """The program does not start with this configuration of a filter of that module."""
        config = {"load": ["forward.so", f"{module}.so"], "modules": {"forward": {"upstream": "127.0.0.1:9"}},
                  "filters": {"f": {"use": module, "config": options}}}
        self.refuses(config, words=[f'filter "f" ({module}): ', *words])


class RateLimit(Pack):
    def limited(self, upstream, *modules, filters=None, **options):
        filters = {**(filters or {}), "limit": {"use": "rate-limit", "config": options}}
        return forwarding(upstream, "rate-limit.so", *modules, filters=filters, trusted_proxies=["127.0.0.1"])

    def statuses(self, host, *fields):
        return [host.get("/", f).status for f in fields]

    def by(self, address):
        return [("X-Forwarded-For", address)]

    def test_refuses_what_comes_after_the_burst_and_says_when_to_come_back(self):
        with wire.Upstream() as upstream, self.limited(upstream, rate="3/m") as host:
            self.assertEqual([host.get("/").status for _ in range(5)], [200, 200, 200, 429, 429])
            answer = host.get("/")
            self.assertIn(int(answer["Retry-After"]), range(18, 21))
            self.assertEqual(answer.json(), {"id": "rate-limit", "code": 429, "detail": "too many requests: try again later",
                                             "status": "Too Many Requests"})
            self.assertNotIn("RateLimit-Limit", answer)

    def test_addresses_of_one_network_are_one_client(self):
        with wire.Upstream() as upstream, self.limited(upstream, rate="1/h") as host:
            seen = self.statuses(host, self.by("2001:db8:0:1::1"), self.by("2001:db8:0:1:ffff::2"), self.by("2001:db8:0:2::1"),
                                 self.by("192.0.2.1"), self.by("192.0.2.2"), self.by("::ffff:192.0.2.1"))
            self.assertEqual(seen, [200, 429, 200, 200, 200, 429])

    def test_a_key_of_several_parts_has_a_budget_for_each_combination(self):
        with wire.Upstream() as upstream, self.limited(upstream, rate="1/h", key="header:X-User+route:1") as host:
            seen = [host.get(path, [("X-User", user)] if user else []).status for path, user in
                    (("/a/x", "u"), ("/a/y", "u"), ("/b", "u"), ("/a", "v"), ("/a", ""), ("/a", ""))]
            self.assertEqual(seen, [200, 429, 200, 200, 200, 429])

    def test_a_field_cannot_pass_for_the_address_of_somebody_else(self):
        with wire.Upstream() as upstream, self.limited(upstream, rate="1/h", key="header:X-User") as host:
            self.assertEqual(self.statuses(host, [("X-User", "127.0.0.1")], []), [200, 200])

    def test_who_is_exempt_is_never_counted(self):
        with wire.Upstream() as upstream, self.limited(upstream, rate="1/h", exempt=["10.0.0.0/8"]) as host:
            seen = self.statuses(host, *[self.by("10.1.2.3")] * 3, *[self.by("11.0.0.1")] * 2)
            self.assertEqual(seen, [200, 200, 200, 200, 429])

    def test_a_dry_run_refuses_nobody_counts_and_logs(self):
        with wire.Upstream() as upstream, self.limited(upstream, rate="1/h", dry_run=True) as host:
            self.assertEqual([host.get("/").status for _ in range(4)], [200] * 4)
            host.wait_for_log("dry run: requests over the limit passed")
            metrics = host.ask_control("GET", "/metrics").text
            self.assertIn('rate_limit_over_total{instance="limit",outcome="dry_run"} 3', metrics)

    def test_the_budget_is_shown_when_asked_for(self):
        with wire.Upstream() as upstream, self.limited(upstream, rate="6/m", burst=2, headers=True) as host:
            answers = [host.get("/") for _ in range(3)]
            self.assertEqual([a.status for a in answers], [200, 200, 429])
            self.assertEqual([a["RateLimit-Remaining"] for a in answers], ["1", "0", "0"])
            self.assertEqual({a["RateLimit-Limit"] for a in answers}, {"2"})
            self.assertEqual({a["RateLimit-Policy"] for a in answers}, {"2;w=20"})
            self.assertEqual([a["RateLimit-Reset"] for a in answers][:2], ["10", "20"])
            self.assertEqual(answers[2]["RateLimit-Reset"], answers[2]["Retry-After"])

    def test_a_senseless_rule_is_refused(self):
        for options, word in (({}, "rate"), ({"rate": 1, "count": 2, "period": "1s"}, "either"), ({"rate": 0}, "rate"),
                              ({"count": 1}, "period"), ({"rate": 1, "key": "x"}, "client-ip"), ({"rate": "3/d"}, "100/m"),
                              ({"rate": 1, "exempt": ["10.0.0.1/8"]}, "10.0.0.1/8")):
            with self.subTest(options):
                self.refused("rate-limit", options, word)


class Cors(Pack):
    ORIGINS = ["https://a.example", "https://*.b.example"]

    def between(self, upstream, **options):
        return forwarding(upstream, "cors.so", filters={"cors": {"config": {"origins": self.ORIGINS, **options}}})

    def preflight(self, host, origin, *more):
        return host.request("OPTIONS", "/", [("Origin", origin), ("Access-Control-Request-Method", "PUT"), *more])

    def test_a_listed_origin_may_read_and_others_may_not(self):
        own = wire.answer(headers=[("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Credentials", "true"),
                                   ("Vary", "Accept")])
        with wire.Upstream(own) as upstream, self.between(upstream, expose=["X-Total"]) as host:
            for origin, told in (("https://a.example", "https://a.example"), ("https://x.b.example", "https://x.b.example"),
                                 ("https://b.example", None), ("https://evil.example", None), ("null", None)):
                with self.subTest(origin):
                    answer = host.get("/", [("Origin", origin)])
                    self.assertEqual((answer.status, answer["Access-Control-Allow-Origin"]), (200, told))
                    self.assertNotIn("Access-Control-Allow-Credentials", answer)
                    self.assertEqual(answer.all("Vary"), ["Accept", "Origin"])
                    self.assertEqual(answer["Access-Control-Expose-Headers"], "X-Total" if told else None)
            self.assertEqual(host.get("/")["Vary"], "Accept, Origin")

    def test_a_preflight_is_answered_and_never_reaches_the_service(self):
        with wire.Upstream() as upstream, self.between(upstream, credentials=True, max_age="90s") as host:
            answer = self.preflight(host, "https://a.example", ("Access-Control-Request-Headers", "authorization,x-a"))
            self.assertEqual((answer.status, answer.body), (204, b""))
            self.assertEqual(answer["Access-Control-Allow-Origin"], "https://a.example")
            self.assertEqual(answer["Access-Control-Allow-Credentials"], "true")
            self.assertEqual(answer["Access-Control-Allow-Methods"], "GET, HEAD, POST, PUT, PATCH, DELETE")
            self.assertEqual(answer["Access-Control-Allow-Headers"], "authorization,x-a")
            self.assertEqual(answer["Access-Control-Max-Age"], "90")
            self.assertEqual(sorted(answer["Vary"].split(", ")),
                             ["Access-Control-Request-Headers", "Access-Control-Request-Method", "Origin"])
            stranger = self.preflight(host, "https://evil.example")
            self.assertEqual(stranger.status, 204)
            self.assertFalse([name for name, _ in stranger.headers if name.startswith("Access-Control")])
            self.assertEqual(upstream.requests, [])
            self.assertEqual(host.request("OPTIONS", "/", [("Origin", "https://a.example")]).status, 200)

    def test_an_error_of_the_host_can_be_read_by_the_page_too(self):
        with wire.Upstream(None) as upstream, self.between(upstream) as host:
            answer = host.get("/", [("Origin", "https://a.example")])
            self.assertEqual((answer.status, answer["Access-Control-Allow-Origin"]), (502, "https://a.example"))

    def test_private_networks_only_when_it_is_said(self):
        ask = ("Access-Control-Request-Private-Network", "true")
        for said in (False, True):
            with wire.Upstream() as upstream, self.between(upstream, private_network=said) as host:
                answer = self.preflight(host, "https://a.example", ask)
                self.assertEqual(answer["Access-Control-Allow-Private-Network"], "true" if said else None)

    def test_other_origins_can_be_refused_but_not_the_own(self):
        with wire.Upstream() as upstream, self.between(upstream, refuse=True) as host:
            self.assertEqual(host.get("/", [("Origin", "https://evil.example")]).status, 403)
            self.assertEqual(self.preflight(host, "https://evil.example").status, 403)
            self.assertEqual(host.get("/", [("Origin", f"http://{host.address()}")]).status, 200)
            self.assertEqual(len(upstream.requests), 1)

    def test_without_origins_nobody_may(self):
        with wire.Upstream() as upstream, forwarding(upstream, "cors.so") as host:
            self.assertNotIn("Access-Control-Allow-Origin", host.get("/", [("Origin", "https://a.example")]))

    def test_credentials_for_everybody_are_refused(self):
        for options, word in (({"origins": ["*"], "credentials": True}, "credentials"), ({"origins": ["a.example"]}, "a.example")):
            with self.subTest(options):
                self.refused("cors", options, word)


class IpAllow(Pack):
    def guarded(self, upstream, **options):
        return forwarding(upstream, "ip-allow.so", filters={"inside": {"use": "ip-allow", "config": options}},
                          trusted_proxies=["127.0.0.1"])

    def status(self, host, address):
        return host.get("/", [("X-Forwarded-For", address)]).status

    def test_the_client_decides_not_the_proxy_in_front(self):
        with wire.Upstream() as upstream, self.guarded(upstream, rules=["deny 10.0.0.7", "10.0.0.0/8"]) as host:
            for address, status in (("10.0.0.1", 200), ("10.0.0.7", 403), ("11.0.0.1", 403), ("10.0.0.1, 11.0.0.1", 403)):
                with self.subTest(address):
                    self.assertEqual(self.status(host, address), status)
            self.assertEqual(host.get("/").json(), {"id": "ip-allow", "code": 403, "detail": "this address is not allowed",
                                                    "status": "Forbidden"})
            self.assertEqual(len(upstream.requests), 1)

    def test_without_trusted_proxies_the_peer_decides(self):
        rules = {"inside": {"use": "ip-allow", "config": {"rules": ["10.0.0.0/8"]}}}
        with wire.Upstream() as upstream, forwarding(upstream, "ip-allow.so", filters=rules) as host:
            self.assertEqual(self.status(host, "10.0.0.1"), 403)

    def test_no_rules_let_nobody_in_and_the_log_says_so(self):
        with wire.Upstream() as upstream, self.guarded(upstream) as host:
            self.assertEqual(host.get("/").status, 403)
            self.assertIn("nobody gets in", host.stderr)
        with wire.Upstream() as upstream, self.guarded(upstream, default="allow", rules=["deny 10.0.0.7"]) as host:
            self.assertEqual((host.get("/").status, self.status(host, "10.0.0.7")), (200, 403))

    def test_a_changed_file_counts_at_once_and_a_broken_one_changes_nothing(self):
        with wire.Upstream() as upstream:
            host = self.guarded(upstream, file="rules")
            (host.folder / "rules").write_text("127.0.0.1\n")
            with host:
                self.assertEqual(host.get("/").status, 200)
                self.write(host, "10.0.0.1\nallow everybody\n")
                host.wait_for_log('line 2: \\"allow everybody\\" is no rule')
                self.assertEqual(host.get("/").status, 200)
                self.assertIn("rules", host.ask_control("GET", "/readyz?verbose").text)
                self.write(host, "10.0.0.1\n")
                wait_for(lambda: host.get("/").status == 403, 5, "the new file")
                (host.folder / "rules").unlink()
                host.wait_for_log("there is no such file; what was read last still counts")
                self.assertEqual(self.status(host, "10.0.0.1"), 200)

    def write(self, host, text):
        (host.folder / "new").write_text(text)
        (host.folder / "new").replace(host.folder / "rules")

    def test_a_rule_that_is_none_is_refused_by_name(self):
        self.refused("ip-allow", {"rules": ["10.0.0.0/8", "10.0.0.300"]}, "10.0.0.300")
        self.refused("ip-allow", {"file": "no-file"}, "no-file: there is no such file")


class Headers(Pack):
    def editing(self, upstream, *modules, filters=None, **options):
        filters = {"fields": {"use": "headers", "config": options}, **(filters or {})}
        return forwarding(upstream, "headers.so", *modules, filters=filters)

    # Micro's header plugin was documented for responses and changed requests.
    def test_requests_and_responses_are_edited_where_it_is_said(self):
        own = wire.answer(headers=[("Server", "secret"), ("X-Keep", "own")])
        with wire.Upstream(own) as upstream, self.editing(
                upstream, request=[{"set": {"X-To": "service"}, "add": {"X-More": "2"}, "remove": ["X-Debug"]}],
                response=[{"set": {"X-Back": "client"}, "remove": ["Server"], "default": {"X-Keep": "ours", "X-New": "ours"}}]) as host:
            answer = host.get("/", [("X-Debug", "1"), ("X-More", "1"), ("x-to", "forged"), ("X-TO", "forged")])
            sent = upstream.requests[0]
            self.assertEqual((sent.all("X-To"), sent.all("X-More"), sent["X-Debug"]), (["service"], ["1", "2"], None))
            self.assertEqual((answer["X-Back"], answer["X-Keep"], answer["X-New"], answer["Server"], answer["X-To"]),
                             ("client", "own", "ours", None, None))

    def test_variables_say_what_the_host_knows_and_never_what_the_client_says(self):
        edits = [{"set": {"X-Who": "${client_ip} ${method} ${scheme} ${path}", "X-User": "${principal}", "X-Id": "${request_id}"}}]
        with wire.Upstream() as upstream, self.editing(upstream, request=edits) as host:
            answer = host.get("/a%20b?q", [("X-User", "admin")])
            sent = upstream.requests[0]
            self.assertEqual((sent["X-Who"], sent["X-User"]), ("127.0.0.1 GET http /a%20b", None))
            self.assertEqual(sent["X-Id"], answer["X-Request-Id"])

    def test_the_principal_is_the_one_that_was_authenticated(self):
        token = {"token": {"use": "auth-token", "config": {"file": "tokens"}}}
        with wire.Upstream() as upstream:
            host = self.editing(upstream, "auth-token.so", filters=token, request=[{"set": {"X-User": "${principal}"}}])
            (host.folder / "tokens").write_text("one alice\n")
            with host:
                host.get("/", [("Authorization", "Bearer one"), ("X-User", "bob")])
                self.assertEqual(upstream.requests[0].all("X-User"), ["alice"])

    def test_edits_can_be_for_some_statuses(self):
        script = [wire.answer(), wire.answer(status="404 Not Found"), wire.answer(status="503 Busy")]
        with wire.Upstream(script) as upstream, self.editing(
                upstream, response=[{"status": [404, "5xx"], "set": {"X-Wrong": "1"}}]) as host:
            self.assertEqual([host.get("/")["X-Wrong"] for _ in range(3)], [None, "1", "1"])

    def test_the_security_fields_leave_the_services_own_and_hsts_needs_tls(self):
        script = [wire.answer(), wire.answer(headers=[("Referrer-Policy", "no-referrer"),
                                                      ("Content-Security-Policy", "frame-ancestors https://a")])]
        with wire.Upstream(script) as upstream, forwarding(
                upstream, "headers.so", trusted_proxies=["127.0.0.1"],
                filters={"fields": {"use": "headers", "config": {"security": True}}}) as host:
            plain = host.get("/")
            self.assertEqual((plain["X-Content-Type-Options"], plain["Referrer-Policy"], plain["Content-Security-Policy"],
                              plain["Strict-Transport-Security"]),
                             ("nosniff", "strict-origin-when-cross-origin", "frame-ancestors 'self'", None))
            own = host.get("/", [("X-Forwarded-Proto", "https")])
            self.assertEqual((own["Referrer-Policy"], own.all("Content-Security-Policy"), own["Strict-Transport-Security"]),
                             ("no-referrer", ["frame-ancestors https://a"], "max-age=31536000"))

    def test_edits_that_cannot_be_done_are_refused(self):
        for options, word in (({"request": [{"set": {"Content-Length": "1"}}]}, "Content-Length"),
                              ({"response": [{"set": {"A": "${nobody}"}}]}, "nobody"),
                              ({"response": [{"status": ["4yy"]}]}, "4yy")):
            with self.subTest(options):
                self.refused("headers", options, word)


TEXT = b"the same words again and again, " * 500  # 16 kB
GZIP = [("Accept-Encoding", "gzip")]


def chunked(*pieces, head=()):
    """A script: sends the pieces one by one, each once the test says so, or at once."""
    lines = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", *(f"{n}: {v}" for n, v in head), "", ""]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
    return "\r\n".join(lines).encode() + chunks


class Compress(Pack):
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


class Router(Pack):
    """As a handler."""

    def routing(self, *routes, modules=(), **more):
        return harness.Microhost({"load": ["router.so", *modules], "host": {"loops": 1},
                                  "listeners": {"edge": {"module": "router", "address": "127.0.0.1:0"}},
                                  "modules": {"router": {"routes": list(routes), **more}}})

    def test_the_first_rule_that_fits_decides_and_the_default_takes_the_rest(self):
        with wire.Upstream(wire.answer("one")) as one, wire.Upstream(wire.answer("two")) as two:
            rules = [{"prefix": "/a", "method": ["POST"], "to": {"url": f"http://{two.address}"}},
                     {"prefix": "/a", "to": {"url": f"http://{one.address}"}},
                     {"path": "/healthz", "to": {"status": 299, "body": "a: b", "headers": {"X-Own": "c: d"}}}]
            with self.routing(*rules, default={"url": f"http://{two.address}/base"}) as host:
                self.assertEqual([host.get("/a/x?y=1").text, host.post("/a", b"z").text, host.get("/b?y").text], ["one", "two", "two"])
                self.assertEqual(one.requests[0].target, "/a/x?y=1")
                self.assertEqual([(r.method, r.target, r.body) for r in two.requests], [("POST", "/a", b"z"), ("GET", "/base/b?y", b"")])
                self.assertEqual(one.requests[0]["Host"], one.address)
                answer = host.get("/healthz")
                self.assertEqual((answer.status, answer.text, answer["X-Own"], answer["Content-Type"]),
                                 (299, "a: b", "c: d", "text/plain; charset=utf-8"))
                metrics = host.ask_control("GET", "/metrics").text
                self.assertIn('route="rule-2"', metrics)
                self.assertIn('route="default"', metrics)

    def test_without_a_default_what_no_rule_is_for_is_not_found(self):
        with self.routing({"path": "/a", "to": {"status": 200}}) as host:
            answer = host.get("/b")
            self.assertEqual((answer.status, answer.json()["id"]), (404, "router"))

    def test_a_service_gets_the_path_that_the_rule_makes_and_the_clients_host(self):
        rule = {"template": "/u/{id}/f/{name}", "to": {"service": "go.micro.web.user", "path": "/files/${name}/${id}",
                                                       "headers": {"X-Set": "1"}}}
        with wire.Upstream() as node, self.routing(rule) as host:
            self.assertEqual(host.get("/u/7/f/a%2Fb").status, 404)
            path = host.register("go.micro.web.user", node.address)
            wait_for(lambda: host.get("/u/7/f/a%2Fb?q=1", [("Host", "x.example"), ("X-Set", "0")]).status == 200, 5, "the service")
            sent = node.requests[-1]
            self.assertEqual((sent.target, sent["Host"], sent.all("X-Set")), ("/files/a%2Fb/7?q=1", "x.example", ["1"]))
            path.unlink()
            wait_for(lambda: host.get("/u/7/f/x").status == 503, 5, "its end")

    def test_an_endpoint_is_called_with_body_query_and_parts_of_the_path(self):
        rules = [{"template": "/hi/{name}", "to": {"service": "go.micro.api.greeter", "endpoint": "Say.Hello"}},
                 {"path": "/gone", "to": {"service": "go.micro.srv.gone", "endpoint": "A.B"}}]
        with self.routing(*rules, modules=("greeter.so",), max_body=100) as host:
            form = [("Content-Type", "application/x-www-form-urlencoded")]
            json = [("Content-Type", "application/json")]
            self.assertEqual(host.get("/hi/J%20%26%2B+x").json(), {"msg": "Hello J &++x"})
            self.assertEqual(host.post("/hi/x", b'{"name":"Jane"}', json).json(), {"msg": "Hello Jane"})
            self.assertEqual(host.post("/hi/x?y=1", b"z=2", form).json(), {"msg": "Hello x"})
            wrong = host.post("/hi/x", b"{}", json)
            self.assertEqual((wrong.status, wrong.json()["id"]), (400, "go.micro.api.greeter"))
            self.assertEqual(host.post("/hi/x", b"x" * 101, json).status, 413)
            self.assertEqual(host.get("/hi/x?y=%").status, 400)
            self.assertEqual(host.get("/gone").status, 404)

    def test_a_split_by_key_sends_who_comes_again_to_the_same_place(self):
        targets = [{"status": 201, "weight": 1}, {"status": 202, "weight": 1}]
        with self.routing({"by": "header:X-User", "split": targets}) as host, wire.Client(host.port()) as client:
            def at(user):
                return client.request("GET", "/", [("X-User", user)] if user else []).status

            seen = {user: at(user) for user in map(str, range(40))}
            self.assertEqual(set(seen.values()), {201, 202})
            self.assertEqual({user: at(user) for user in seen}, seen)
            self.assertEqual({at(None) for _ in range(40)}, {201, 202})

    def test_redirects_keep_what_the_rule_says(self):
        with self.routing({"prefix": "/old", "to": {"redirect": "https://n.example/${rest}?${query}", "status": 308}}) as host:
            answer = host.get("/old/a/b?c=d")
            self.assertEqual((answer.status, answer["Location"]), (308, "https://n.example/a/b?c=d"))

    def test_a_websocket_goes_through_to_its_upstream(self):
        reply = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                   ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
        with wire.Upstream(reply) as upstream, self.routing({"to": {"url": f"http://{upstream.address}"}}) as host:
            self.assertEqual(host.get("/", upgrade).status, 101)

    def test_a_rule_that_makes_no_sense_is_refused_with_its_place(self):
        config = {"load": ["router.so"], "modules": {"router": {"routes": [{"path": "/a", "to": {"url": "nowhere"}}]}}}
        self.refuses(config, words=["nowhere", "/routes/0/to/url"])


class Rewriting(Pack):
    """The router as a filter."""

    def ruled(self, upstream, *rules):
        return forwarding(upstream, "router.so", filters={"short": {"use": "router", "config": {"rules": list(rules)}}},
                          listener={"filters": ["short"]})

    # Micro's index plugin: only "/", and no ":" in the value of a field.
    def test_the_handler_behind_gets_another_path_and_the_same_query(self):
        rules = [{"path": "/", "to": {"path": "/home"}}, {"prefix": "/v1", "to": {"path": "/${rest}"}},
                 {"path": "/own", "to": {"body": "ours", "headers": {"X-Link": "http://a:1"}}}]
        with wire.Upstream() as upstream, self.ruled(upstream, *rules) as host:
            for target in ("/?a=1", "/v1/x%20y", "/other"):
                host.get(target)
            self.assertEqual([r.target for r in upstream.requests], ["/home?a=1", "/x%20y", "/other"])
            answer = host.get("/own")
            self.assertEqual((answer.text, answer["X-Link"], len(upstream.requests)), ("ours", "http://a:1", 3))

    def test_an_upstream_is_refused_there_and_no_rules_do_no_harm(self):
        self.refused("router", {"rules": [{"to": {"service": "a"}}]}, "a filter cannot forward")
        with wire.Upstream() as upstream, self.ruled(upstream) as host:
            self.assertEqual(host.get("/").status, 200)


if __name__ == "__main__":
    import unittest
    unittest.main()
