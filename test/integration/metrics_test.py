# SPDX-License-Identifier: Apache-2.0
"""What is counted is what happened: requests, connections, bytes, upstreams, calls into modules, and how long they took."""
import json
import re
import socket
import unittest

import control_test
import fixtures
import forwarder
import harness
import wire

LATER = fixtures.FOLDER / "later.so"


def of(host, name, **labels):
    """The one value of this name with these labels, others not looked at."""
    found = [value for text, value in control_test.metrics(host).get(f"microhost_{name}", {}).items()
             if labels.items() <= dict(re.findall(r'([a-z_]+)="([^"]*)"', text)).items()]
    return sum(found)


class Listeners(forwarder.Case):
    def test_connections_requests_and_bytes_are_counted(self):
        body = b"x" * 10_000
        with wire.Upstream(wire.answer(body)) as upstream, forwarder.forwarding(upstream, loops=2) as host:
            sent, received = 0, 0
            for _ in range(3):
                with wire.Client(host.port()) as client:
                    for _ in range(4):
                        request = wire.request_bytes("POST", "/", body=b"y" * 50)
                        client.send(request)
                        answer = client.response("POST")
                        sent += len(request)
                        received += len(answer.head) + len(answer.body)
            edge = {"listener": "edge"}
            self.assertEqual(of(host, "connections_accepted_total", **edge), 3)
            self.assertEqual(of(host, "received_bytes_total", **edge), sent)
            self.assertEqual(of(host, "sent_bytes_total", **edge), received)
            self.assertEqual(of(host, "requests_in_flight", **edge), 0)

    def test_what_is_refused_is_counted_with_its_reason(self):
        with wire.Upstream() as upstream, forwarder.forwarding(upstream) as host:
            for _ in range(3):
                wire.raw(host.port(), b"GET / HTTP/1.1\r\n\r\n")
            answer = wire.raw(host.port(), b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n")
            why = json.loads(answer.partition(b"\r\n\r\n")[2])["detail"]
            self.assertEqual(of(host, "requests_rejected_total", listener="edge"), 4)
            self.assertGreaterEqual(of(host, "requests_rejected_total", listener="edge", reason=why), 1)
            self.assertEqual(of(host, "requests_in_flight"), 0)

    def test_requests_in_flight_are_those_without_an_answer(self):
        with socket.create_server(("127.0.0.1", 0)) as silent, \
                forwarder.forwarding(silent.getsockname()[1], limits={"upstream_response_timeout": "60s"}) as host:
            clients = [wire.Client(host.port()) for _ in range(3)]
            for client in clients:
                client.send(wire.request_bytes("GET", "/"))
            harness.wait_for(lambda: of(host, "requests_in_flight", listener="edge") == 3, 5, "three requests")
            for client in clients:
                silent.accept()[0].close()
            for client in clients:
                self.assertEqual(client.response().status, 502)
                client.close()
            self.assertEqual(of(host, "requests_in_flight", listener="edge"), 0)


class Upstreams(forwarder.Case):
    def test_requests_and_connections_to_an_upstream_are_counted(self):
        def script(_, sock):
            return wire.answer()

        with wire.Upstream(script) as upstream, forwarder.forwarding(upstream) as host:
            with wire.Client(host.port()) as client:
                for _ in range(5):
                    client.request("GET", "/")
            there = {"upstream": f"127.0.0.1:{upstream.port}"}
            self.assertEqual(of(host, "upstream_requests_total", outcome="ok", **there), 5)
            self.assertEqual(of(host, "upstream_requests_total", outcome="failed", **there), 0)
            self.assertEqual(of(host, "upstream_connects_total", outcome="ok", **there), 1)
            self.assertEqual(of(host, "upstream_duration_seconds_count", **there), 5)
            self.assertGreater(of(host, "upstream_duration_seconds_sum", **there), 0)
            upstream.drop_connections()
            host.get("/")
            self.assertEqual(of(host, "upstream_connects_total", outcome="ok", **there), 2)

    def test_an_upstream_that_is_not_there_is_counted_as_a_connection_that_failed(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with forwarder.forwarding(port) as host:
            self.assertEqual(host.get("/").status, 502)
            there = {"upstream": f"127.0.0.1:{port}"}
            self.assertEqual(of(host, "upstream_connects_total", outcome="failed", **there), 1)
            self.assertEqual(of(host, "upstream_connects_total", outcome="ok", **there), 0)
            self.assertEqual(of(host, "upstream_requests_total", outcome="failed", **there), 1)


class Modules(forwarder.Case):
    def test_a_filter_that_answers_from_what_it_posted_has_responded(self):
        with wire.Upstream() as upstream, \
                forwarder.forwarding(upstream, str(LATER), filters={"gate": {"use": "later"}}) as host, \
                wire.Client(host.port()) as client:
            for _ in range(3):
                answer = client.request("GET", "/")
                self.assertEqual((answer.status, answer.body), (418, b"later"))
            passed = client.request("GET", "/", [("X-Pass", "1")])
            self.assertEqual((passed.status, passed["X-Cancelled"]), (200, "0"))
            verdicts = {v: of(host, "filter_verdicts_total", filter="gate", verdict=v)
                        for v in ("continue", "respond", "fail", "suspend", "timeout")}
            self.assertEqual(verdicts, {"continue": 1, "respond": 3, "fail": 0, "suspend": 4, "timeout": 0})

    def test_calls_of_services_are_counted_and_timed(self):
        config = {"host": {"loops": 1}, "load": ["api.so", "greeter.so"],
                  "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
                  "modules": {"api": {"handler": "rpc"}}}
        with harness.Microhost(config) as host:
            for _ in range(10):
                self.assertEqual(host.get("/greeter/say/hello?name=John").status, 200)
            self.assertEqual(of(host, "module_calls_total", module="greeter", hook="on_call"), 10)
            self.assertGreater(of(host, "module_seconds_total", module="greeter", hook="on_call"), 0)

    def test_an_answer_in_the_turn_of_its_request_has_taken_time(self):
        with fixtures.serve("moods", log={"access_log": "json"}) as host, fixtures.serve("moods") as silent:
            for one in (host, silent):
                for _ in range(100):
                    one.get("/")
                self.assertEqual(of(one, "request_duration_seconds_count", module="moods"), 100)
                self.assertGreater(of(one, "request_duration_seconds_sum", module="moods"), 0)

            def rows():
                found = host.log_rows('"target"')
                return found if len(found) == 100 else None
            took = [row["duration_us"] for row in harness.wait_for(rows, 5, "the access log")]
            self.assertGreater(sum(took), 0)


if __name__ == "__main__":
    unittest.main()
