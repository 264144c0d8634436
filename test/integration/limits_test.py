# SPDX-License-Identifier: Apache-2.0
"""Limits count over all loops of a listener, and a changed one holds from SIGHUP on, on connections that are open."""
import json
import re
import signal
import socket
import unittest

import forwarder
import harness
import wire


def reload(host, config):
    """Writes it and waits until it was taken. Returns what was logged meanwhile."""
    before = len(host.stderr)
    host.write_config(config)
    host.signal(signal.SIGHUP)
    harness.wait_for(lambda: '"msg":"reloaded' in host.stderr[before:], 5, "the reload")
    return host.stderr[before:]


def changed(host, **more):
    """Its configuration with other values in `host`."""
    config = json.loads(json.dumps(host.config))
    config["host"].update(more)
    return config


def refused(host):
    """How often connections were refused, by reason."""
    text = host.ask_control("GET", "/metrics").text
    return {reason: int(n) for reason, n in re.findall(
        r'^microhost_connections_refused_total\{listener="edge",reason="(\w+)"\} (\d+)', text, re.M)}


class OverLoops(forwarder.Case):
    LOOPS, MOST, TRIED = 4, 10, 40

    def served(self, host, clients):
        """How many of these connections get an answer; the others were closed at once."""
        count = 0
        for client in clients:
            try:
                count += client.request("GET", "/").status == 200
            except (EOFError, ConnectionError, BrokenPipeError):
                pass
        return count

    def check(self, limit, reason):
        with wire.Upstream() as upstream, \
                forwarder.forwarding(upstream, loops=self.LOOPS, limits={limit: self.MOST}) as host:
            clients = [wire.Client(host.port()) for _ in range(self.TRIED)]
            self.assertEqual(self.served(host, clients), self.MOST)
            self.assertEqual(refused(host)[reason], self.TRIED - self.MOST)
            for client in clients:
                client.close()
            # All places are free again, on whatever loop they were.
            def full_again():
                again = [wire.Client(host.port()) for _ in range(self.MOST)]
                try:
                    return self.served(host, again) == self.MOST
                finally:
                    for client in again:
                        client.close()
            harness.wait_for(full_again, 5, "the places of closed connections")

    def test_connections_of_a_listener_are_counted_exactly(self):
        self.check("max_connections", "max_connections")

    def test_who_said_close_holds_no_place_behind_the_answer(self):
        with wire.Upstream() as upstream, \
                forwarder.forwarding(upstream, loops=1, limits={"max_connections": 1}) as host, \
                wire.Client(host.port()) as first:
            self.assertEqual(first.request("GET", "/", [("Connection", "close")]).status, 200)
            self.assertTrue(first.closed())
            with wire.Client(host.port()) as third:  # the first one's end is still open
                self.assertEqual(third.request("GET", "/").status, 200)

    def test_connections_of_an_address_are_counted_exactly(self):
        self.check("max_connections_per_peer", "max_connections_per_peer")


class Live(forwarder.Case):
    def test_a_changed_limit_holds_on_a_connection_that_is_open(self):
        with wire.Upstream() as upstream, forwarder.forwarding(upstream, loops=2) as host:
            clients = [wire.Client(host.port()) for _ in range(6)]  # on both loops
            long = [("X-Long", "x" * 2000)]
            for client in clients:
                self.assertEqual(client.request("GET", "/", long).status, 200)
            said = reload(host, changed(host, limits={"header_bytes": 1000}))
            self.assertNotIn("restart", said)
            for client in clients:
                self.assertEqual(client.request("GET", "/").status, 200)
                self.assertEqual(client.request("GET", "/", long).status, 431)
                client.close()
            reload(host, changed(host, limits={}))
            self.assertEqual(host.get("/", long).status, 200)

    def test_a_listeners_own_limit_is_live_and_wins(self):
        with wire.Upstream() as upstream, forwarder.forwarding(upstream) as host, wire.Client(host.port()) as client:
            self.assertEqual(client.request("GET", "/", [("A", "1"), ("B", "2")]).status, 200)
            config = changed(host, limits={"max_headers": 60})
            config["listeners"]["edge"]["limits"] = {"max_headers": 2}
            self.assertNotIn("restart", reload(host, config))
            self.assertEqual(client.request("GET", "/").status, 200)
            self.assertEqual(client.request("GET", "/", [("A", "1"), ("B", "2")]).status, 431)

    def test_a_changed_timeout_of_upstreams_is_live(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            with forwarder.forwarding(silent.getsockname()[1], limits={"upstream_response_timeout": "60s"}) as host:
                reload(host, changed(host, limits={"upstream_response_timeout": "200ms"}))
                self.assertEqual(host.get("/").status, 504)

    def test_more_connections_are_let_in_after_a_reload(self):
        with wire.Upstream() as upstream, forwarder.forwarding(upstream, limits={"max_connections": 1}) as host, \
                wire.Client(host.port()) as first:
            self.assertEqual(first.request("GET", "/").status, 200)
            with wire.Client(host.port()) as second:
                self.assertTrue(second.closed())
            reload(host, changed(host, limits={"max_connections": 2}))
            with wire.Client(host.port()) as second:
                self.assertEqual(second.request("GET", "/").status, 200)
            self.assertEqual(first.request("GET", "/").status, 200)

    def test_trusted_proxies_are_live(self):
        with wire.Upstream() as upstream, forwarder.forwarding(upstream, loops=2) as host:
            clients = [wire.Client(host.port()) for _ in range(6)]
            word = [("X-Forwarded-For", "192.0.2.7")]

            def told():
                for client in clients:
                    client.request("GET", "/", word)
                return {request["X-Forwarded-For"] for request in upstream.requests[-len(clients):]}
            self.assertEqual(told(), {"127.0.0.1"})
            self.assertNotIn("restart", reload(host, changed(host, trusted_proxies=["127.0.0.0/8"])))
            self.assertEqual(told(), {"192.0.2.7, 127.0.0.1"})
            reload(host, changed(host))
            self.assertEqual(told(), {"127.0.0.1"})
            for client in clients:
                client.close()

    def test_a_wrong_proxy_or_limit_changes_nothing(self):
        with wire.Upstream() as upstream, forwarder.forwarding(upstream) as host:
            for more in ({"trusted_proxies": ["nobody"]}, {"limits": {"max_headers": "many"}}):
                with self.subTest(more):
                    config = changed(host, **more)
                    config["host"].setdefault("limits", {})["header_bytes"] = 100
                    said = reload(host, config)
                    self.assertIn("the configuration in use stays", said)
                    self.assertEqual(host.get("/", [("X-Long", "x" * 2000)]).status, 200)

    def test_limits_of_a_listener_hold_for_the_calls_of_its_requests(self):
        listener = {"module": "api", "address": "127.0.0.1:0"}
        config = {"load": ["api.so"], "modules": {"api": {"namespace": "go.micro.api", "handler": "rpc"}},
                  "listeners": {"wide": listener, "narrow": {**listener, "limits": {"body_bytes": "1KiB"}}}}
        # Longer than one read: it is held until it is whole.
        script = wire.answer(json.dumps("x" * 300_000), headers=[("Content-Type", "application/json")])
        with wire.Upstream(script) as upstream, harness.Microhost(config) as host:
            host.register("go.micro.api.big", upstream.address)
            harness.wait_for(lambda: host.get("/big/say/hello", listener="wide").status == 200, 5, "the service")
            answer = host.get("/big/say/hello", listener="narrow")
            self.assertEqual((answer.status, answer.json()["detail"]), (502, "the answer of the service is too long"))

    def test_what_needs_a_restart_is_named(self):
        with wire.Upstream() as upstream, forwarder.forwarding(upstream) as host:
            config = changed(host, log={"format": "json"}, workers=9, limits={"max_headers": 10})
            self.assertIn('"changed":"host.workers, host.log.format"', reload(host, config))


if __name__ == "__main__":
    unittest.main()
