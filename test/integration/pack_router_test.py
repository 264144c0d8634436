# SPDX-License-Identifier: Apache-2.0
"""router.so in the program."""
import unittest

import harness
import wire
from forwarder import Case, forwarding
from harness import wait_for


class Router(Case):
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


class Rewriting(Case):
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
    unittest.main()
