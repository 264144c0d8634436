# SPDX-License-Identifier: Apache-2.0
"""Nodes registered under a host name, called and forwarded to by the gateway; and what else it puts on both ways."""
import socket
import time
import unittest

import harness
import wire

REPLY = wire.answer('{"msg":"hi"}\n', headers=[("Content-Type", "application/json")])
USER = {"name": "Request", "type": "Request", "values": [{"name": "id", "type": "int64"}, {"name": "name", "type": "string"}]}


def gateway(**api):
    return harness.Microhost({
        "host": {"loops": 1},
        "load": ["api.so"],
        "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
        "modules": {"api": api},
    })


def endpoint(name, handler, path, request=None):
    return {"name": name, "request": request, "response": None, "metadata": {"endpoint": name, "handler": handler, "path": path}}


def known(host, target, **options):
    """Until the registry's file is read."""
    return harness.wait_for(lambda: (a := host.get(target, **options)).status != 404 and a, 5, target)


class Names(harness.Case):
    def two_nodes(self, host, name, places, endpoints=()):
        for i, place in enumerate(places):
            host.register(f"go.micro.api.{name}", place, endpoints, node=f"{name}-{i}")
        harness.wait_for(lambda: sum(f'"{name}-{i}"' in host.ask_control("GET", "/v1/services").text
                                     for i in range(len(places))) == len(places), 5, "the nodes")

    def test_a_call_and_a_forward_find_the_address(self):
        with wire.Upstream(REPLY) as node, gateway() as host:
            place = f"localhost:{node.port}"  # it listens on 127.0.0.1 alone, and the name may be ::1 first
            host.register("go.micro.api.named", place, [endpoint("Site.Any", "http", "^/site")])
            known(host, "/named/say/hello")
            for _ in range(3):
                self.assertEqual(host.get("/named/say/hello").body, b'{"msg":"hi"}')
                self.assertEqual(node.requests[-1]["Host"], place)
                self.assertEqual(node.requests[-1]["Micro-From-Service"], "go.micro.api")
                answer = host.post("/site/x", b"body", [("Host", "kept")])
                self.assertEqual((answer.status, node.requests[-1].target), (200, "/site/x"))
                self.assertEqual((node.requests[-1]["Host"], node.requests[-1].body), ("kept", b"body"))

    def test_a_name_that_does_not_exist_is_502_and_another_node_takes_over(self):
        site = [endpoint("Site.Any", "http", "^/site")]
        with wire.Upstream(REPLY) as node, gateway() as host:
            host.register("go.micro.api.lost", "no-such-name.invalid:80", [endpoint("Lost.Any", "http", "^/away")])
            for target in ("/lost/say/hello", "/away"):
                started = time.monotonic()
                answer = known(host, target)
                self.assertEqual((answer.status, answer.json()["code"]), (502, 502), answer.text)
                self.assertLess(time.monotonic() - started, 4 * harness.SLOW)
            self.two_nodes(host, "half", ["no-such-name.invalid:80", f"localhost:{node.port}"], site)
            for target in ("/half/say/hello", "/site"):
                self.assertEqual([host.get(target).status for _ in range(10)], [200] * 10, target)

    def refuses_now(self, port):
        try:
            wire.connect(port).close()
            return False
        except OSError:
            return True

    def test_a_node_that_refuses_is_passed_over_by_a_forward(self):
        site = [endpoint("Site.Any", "http", "^/site")]
        with wire.Upstream(REPLY) as gone, wire.Upstream(REPLY) as node, gateway() as host:
            gone.close()
            harness.wait_for(lambda: self.refuses_now(gone.port), 5, "the end of the listener")  # an accept may be under way
            self.two_nodes(host, "half", [gone.address, node.address], site)
            self.assertEqual([host.get("/site").status for _ in range(20)], [200] * 20)

    def test_health_checks_find_the_address_too(self):
        with wire.Upstream(REPLY) as node, wire.Upstream(REPLY) as down, gateway() as host:
            down.listener.shutdown(socket.SHUT_RDWR)
            down.close()
            for name, port in (("up", node.port), ("down", down.port)):
                host.register("go.micro.api.pair", "", node=name, nodes=[{
                    "id": name, "address": f"localhost:{port}",
                    "metadata": {"protocol": "mucp", "health_check": "tcp", "health_interval": "1s"}}])
            host.wait_for_log("failed its health check", 10)
            host.wait_for_log("node down of")
            self.assertNotIn("node up of", host.stderr)
            self.assertEqual([host.get("/pair/say/hello").status for _ in range(10)], [200] * 10)


class BothWays(harness.Case):
    def test_parameters_of_the_path_are_fields_of_the_request(self):
        with wire.Upstream(REPLY) as node, gateway() as host:
            host.register("go.micro.api.users", node.address, [endpoint("Users.Put", "rpc", "/v1/users/{id}", USER)])
            known(host, "/v1/users/7")
            for method, target, body, sent in (("GET", "/v1/users/7", "", {"id": 7}),
                                               ("GET", "/v1/users/7?name=5", "", {"id": 7, "name": "5"}),
                                               ("PUT", "/v1/users/7", '{"name": "J"}', {"id": 7, "name": "J"})):
                headers = [("Content-Type", "application/json")] if body else []
                self.assertEqual(host.request(method, target, headers, body).status, 200)
                self.assertEqual(node.requests[-1].json(), sent)
            self.assertEqual(host.get("/v1/users/john").status, 400)

    def test_a_forwarded_answer_has_the_gateways_cors_headers_once(self):
        reply = wire.answer(headers=[("Access-Control-Allow-Origin", "*"), ("Vary", "Accept")])
        with wire.Upstream(reply) as node, gateway(cors="http://a", handler="http") as host:
            host.register("go.micro.api.site", node.address)
            known(host, "/site")
            answer = host.get("/site", [("Origin", "http://a")])
            self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["http://a"])
            self.assertEqual(answer.all("Vary"), ["Accept", "Origin"])
            self.assertNotIn("Access-Control-Allow-Origin", host.get("/site", [("Origin", "http://b")]))


if __name__ == "__main__":
    unittest.main()
