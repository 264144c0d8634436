# SPDX-License-Identifier: Apache-2.0
"""The modules that decide about traffic, in the program: rate-limit, cors, headers, compress, ip-allow, router."""
import wire
from forwarder import Case, forwarding


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
                config = {"load": ["forward.so", "rate-limit.so"], "modules": {"forward": {"upstream": "127.0.0.1:9"}},
                          "filters": {"limit": {"use": "rate-limit", "config": options}}}
                self.refuses(config, words=['filter "limit" (rate-limit): ', word])


if __name__ == "__main__":
    import unittest
    unittest.main()
