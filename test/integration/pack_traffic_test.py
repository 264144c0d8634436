# SPDX-License-Identifier: Apache-2.0
"""The filters that decide about traffic, in the program: rate-limit, cors, ip-allow, headers."""
import unittest

import wire
from forwarder import Case, forwarding
from harness import wait_for


class RateLimit(Case):
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


class Cors(Case):
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


class IpAllow(Case):
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
            host.wait_for_log("nobody gets in")
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


class Headers(Case):
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


if __name__ == "__main__":
    unittest.main()
