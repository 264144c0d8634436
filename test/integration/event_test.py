# SPDX-License-Identifier: Apache-2.0
"""Events between modules, the gateway's event handler, and Micro's HTTP broker as go-micro 1.18 speaks it."""
import base64
import json
import re
import unittest

import fixtures
import harness
import wire
from rpc_listener_test import modules

MODULES = harness.PREFIX / "lib/microhost"
SERVICE = "go.micro.http.broker"
HEARER = str(fixtures.FOLDER / "hearer.so")
#: captures 70 and 71, and their topics
CAPTURED = {
    "70": b'{"Header":{":topic":"example.topic.pubsub.1","Content-Type":"application/json","Micro-Id":"645ed877-115e-44fe-8559-c72e1b50612a",'
          b'"Micro-Topic":"example.topic.pubsub.1"},"Body":"eyJpZCI6IjEiLCJtZXNzYWdlIjoiaGkiLCJ0aW1lc3RhbXAiOjV9Cg=="}',
    "71": b'{"Header":{":topic":"example.topic.pubsub.2","Content-Type":"application/protobuf","Micro-From-Service":"go.micro.cli.pubsub",'
          b'"Micro-Id":"57eb19e4-e5e7-4d5a-b91e-05392061feaa","Micro-Topic":"example.topic.pubsub.2"},'
          b'"Body":"CiRlMzBiOTc3Mi1lNzVhLTExZjEtOTI3NC05MjE1Mzc4NzZkODMQoNOR2AYaL01lc3NhZ2luZyB5b3UgYWxsIGRheSBvbiBleGFtcGxlLnRvcGljLnB1YnN1Yi4y"}',
}


def host(*topics, load=(), modules=None, listeners=None, **options):
    return harness.Microhost({
        "host": {"loops": 2}, "load": [HEARER, *load],
        "listeners": {"say": {"module": "hearer", "address": "127.0.0.1:0"}, **(listeners or {})},
        "modules": {"hearer": {"topics": list(topics)}, **(modules or {})}}, **options)


def heard(of, by="main"):
    """What the module has logged, in order."""
    return [row for row in of.log_rows('"heard"') if row["by"] == by]


def wait_for_heard(of, count, by="main"):
    return harness.wait_for(lambda: len(rows := heard(of, by)) >= count and rows, 5, f"{count} events")


def subscribe(of, name, address, node, version="ff.http.broadcast", topic="t", **metadata):
    """As go-micro registers a subscriber."""
    metadata = {"broker": "http", "secure": "false", **({"topic": topic} if topic else {}), **metadata}
    of.register(name, address, node=node, version=version, endpoints=(), nodes=[{"id": node, "address": address, "metadata": metadata}])


def publish(of, topic, body=b"", status=204):
    answer = of.post(f"/{topic}", body, listener="say")
    assert answer.status == status, answer


class Case(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not (fixtures.FOLDER / "hearer.so").exists():
            raise unittest.SkipTest("the fixtures are not built")


class Process(Case):
    def test_who_has_subscribed_hears_each_event_once_and_those_who_share_a_queue_once_between_them(self):
        with host("orders.new", "alarms.*") as h:
            publish(h, "orders.new", b"one")
            publish(h, "orders.old", b"two")
            publish(h, "alarms.fire.hall", b"three")
            for by in ("main", "loops"):
                rows = wait_for_heard(h, 2, by)
                self.assertEqual([(r["topic"], r["body"], r["origin"]) for r in rows],
                                 [("orders.new", "one", "hearer"), ("alarms.fire.hall", "three", "hearer")])
                self.assertRegex(rows[0]["id"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
                self.assertNotEqual(rows[0]["id"], rows[1]["id"])
            self.assertEqual([r["id"] for r in heard(h)], [r["id"] for r in heard(h, "loops")])

    def test_what_the_host_tells_cannot_be_published_by_a_module(self):
        with host("microhost.*") as h:
            rows = wait_for_heard(h, 1)
            harness.wait_for(lambda: any(r["topic"] == "microhost.listener.opened" for r in heard(h)), 5, "the listeners")
            told = next(r for r in heard(h) if r["topic"] == "microhost.listener.opened")
            self.assertEqual(json.loads(told["body"]), [{"name": "say", "module": "hearer", "address": h.address("say"), "tls": False}])
            self.assertEqual({r["origin"] for r in rows}, {"microhost"})
            publish(h, "microhost.listener.opened", status=403)
            publish(h, "a.*", status=400)

    def test_a_reloaded_module_hears_everything_once(self):
        with host("t") as h:
            publish(h, "t", b"before")
            wait_for_heard(h, 1)
            self.assertEqual(modules(h, "reload", "hearer")[0], 0)
            harness.wait_for(lambda: [row["stage"] for row in h.ask_control("GET", "/v1/modules").json() if row["id"] == "hearer"] == ["serving"], 5,
                             "one generation")
            publish(h, "t", b"after")
            self.assertEqual([r["body"] for r in wait_for_heard(h, 2)], ["before", "after"])


class Gateway(Case):
    def gateway(self, *topics, **api):
        return host(*topics, load=["api.so"], listeners={"edge": {"module": "api", "address": "127.0.0.1:0"}},
                    modules={"api": {"handler": "event", "namespace": "go.micro.evt", **api}})

    def test_a_request_becomes_micros_event(self):
        with self.gateway("go.micro.evt.user") as h:
            answer = h.post("/user/login", b'{"name": "john"}', [("Content-Type", "application/json"), ("User-Agent", "curl/7.88.1")], listener="edge")
            self.assertEqual((answer.status, answer.body), (200, b""))
            (row,) = wait_for_heard(h, 1)
            self.assertEqual((row["topic"], row["content_type"], row["origin"]), ("go.micro.evt.user", "application/protobuf", "api"))
            body = row["body"]  # capture 72: name, id, timestamp, headers, data
            self.assertTrue(body.startswith("\n\x05login\x12<go.micro.evt.user-login-"), body)
            self.assertIn('\x0cContent-Type\x12 \n\x0cContent-Type\x12\x10application/json', body)
            self.assertTrue(body.endswith('*\x10{"name": "john"}'), body)
            h.wait_for_log('"Micro-From-Service":"go.micro.api"')
            self.assertIn('"user-agent":"curl/7.88.1"', h.stderr.lower())

    def test_paths_name_topics_and_queries_are_data(self):
        with self.gateway("go.micro.evt.*") as h:
            for number, (path, topic, name, data) in enumerate((("/foo", "go.micro.evt.foo", "", ""),
                                                               ("/foo/bar/baz?b=2&a=1&a=x", "go.micro.evt.foo", "bar.baz", '{"a":["1","x"],"b":["2"]}'),
                                                               ("/v1/foo/bar", "go.micro.evt.v1.foo", "foo.bar", "")), 1):
                with self.subTest(path=path):
                    self.assertEqual(h.request("GET", path, listener="edge").status, 200)
                    row = wait_for_heard(h, number)[-1]
                    self.assertEqual(row["topic"], topic)
                    self.assertIn(f"{topic}-{name}-", row["body"])
                    self.assertTrue(row["body"].endswith(data or "{}"), row["body"])
            self.assertEqual(h.request("GET", "/a%20b", listener="edge").status, 400)


class Broker(Case):
    def setUp(self):
        if not (MODULES / "broker-http.so").exists():
            self.skipTest("broker-http.so is not built")

    def host(self, *topics, broker=None, **options):
        return host(*topics, load=["broker-http.so"], modules={"broker-http": broker or {}}, **options)

    def nodes(self, of):
        return {row["version"]: row["nodes"] for row in of.ask_control("GET", "/v1/services").json() if row["name"] == SERVICE}

    def subscription(self, of, topic):
        def find():
            return next((n for n in self.nodes(of).get("ff.http.broadcast", []) if n["metadata"]["topic"] == topic), None)
        return harness.wait_for(find, 5, f"a subscription of {topic}")

    def test_what_go_micro_publishes_is_heard_once(self):
        with self.host("example.topic.pubsub.1", "example.topic.pubsub.2") as h:
            for number, (name, message) in enumerate(sorted(CAPTURED.items()), 1):
                topic = json.loads(message)["Header"][":topic"]
                node = self.subscription(h, topic)
                self.assertEqual(node["metadata"], {"broker": "http", "secure": "false", "topic": topic})
                self.assertRegex(node["id"], rf"^{re.escape(topic)}-[0-9a-f-]{{36}}$")
                port = int(node["address"].rpartition(":")[2])
                for _ in range(2):  # the second one is the same message again, as by another name
                    with wire.Client(port) as client:
                        answer = client.request("POST", f"/_sub?id={node['id']}", [("Content-Type", "application/json")], message)
                        self.assertEqual((answer.status, answer.body), (200, b""))
                row = wait_for_heard(h, number)[-1]
                self.assertEqual((row["topic"], row["origin"], row["id"]), (topic, "broker:http", json.loads(message)["Header"]["Micro-Id"]))
                self.assertEqual(row["body"][-40:].encode(), base64.b64decode(json.loads(message)["Body"])[-40:])
            publish(h, "example.topic.pubsub.1", b"last")  # what is heard after it was published before it
            self.assertEqual(len(wait_for_heard(h, 3)), 3)

    def test_what_is_no_message_for_us_is_refused(self):
        with self.host("t") as h:
            node = self.subscription(h, "t")
            port, own = int(node["address"].rpartition(":")[2]), f"/_sub?id={node['id']}"
            good = b'{"Header":{":topic":"t"},"Body":""}'
            for method, target, body, status in (("GET", own, b"", 405), ("POST", "/", good, 404), ("POST", "/_sub?id=t-1", good, 404),
                                                 ("POST", own, b'{"Header":{":topic":"u"},"Body":""}', 404), ("POST", own, b'{"Header":{}}', 500),
                                                 ("POST", own, b"[", 500), ("POST", own, b'{"Header":{":topic":"t"},"Body":"!"}', 500),
                                                 ("POST", own, good, 200)):
                with self.subTest(target=target, body=body), wire.Client(port) as client:
                    self.assertEqual(client.request(method, target, (), body).status, status)
            wait_for_heard(h, 1)
            self.assertEqual(len(heard(h)), 1)

    def test_our_events_reach_every_subscriber_and_one_of_each_queue(self):
        with wire.Upstream() as broadcast, wire.Upstream() as old, wire.Upstream() as first, wire.Upstream() as second, self.host() as h:
            subscribe(h, SERVICE, broadcast.address, "t-1")
            subscribe(h, SERVICE, "127.0.0.1:1", "u-1", topic="u")
            subscribe(h, "t", old.address, "old")
            subscribe(h, "topic:t", old.address, "older", topic=None)
            for number, upstream in enumerate((first, second)):
                subscribe(h, SERVICE, upstream.address, f"q-{number}", version="workers")
            harness.wait_for(lambda: len(self.nodes(h).get("workers", [])) == 2, 5, "the queue")
            for number in range(8):
                publish(h, "t", b"hello")
            for upstream in (broadcast, old):
                upstream.wait_for_requests(8)
            harness.wait_for(lambda: len(first.requests) + len(second.requests) == 8, 5, "the queue's messages")
            request = broadcast.requests[0]
            self.assertEqual((request.method, request.target, request["Content-Type"]), ("POST", "/_sub?id=t-1", "application/json"))
            message = json.loads(request.body)
            self.assertEqual((message["Header"][":topic"], message["Header"]["Micro-Topic"], message["Header"]["Content-Type"],
                              message["Header"]["Colour"], base64.b64decode(message["Body"])), ("t", "t", "text/plain", "green", b"hello"))
            self.assertEqual(list(message["Header"]), sorted(message["Header"]))  # as Go writes it
            self.assertEqual(len({json.loads(r.body)["Header"]["Micro-Id"] for r in broadcast.requests}), 8)
            self.assertEqual((len(broadcast.requests), len(old.requests)), (8, 8))

    def test_a_worker_that_is_dead_leaves_its_message_to_another(self):
        with wire.Upstream() as alive, self.host() as h:
            subscribe(h, SERVICE, alive.address, "q-1", version="workers")
            subscribe(h, SERVICE, "127.0.0.1:1", "q-2", version="workers")
            harness.wait_for(lambda: len(self.nodes(h).get("workers", [])) == 2, 5, "the queue")
            for _ in range(6):
                publish(h, "t")
            alive.wait_for_requests(6)
            h.wait_for_log("a subscriber has not taken a message")

    def test_two_processes_hear_each_other(self):
        with self.host("t") as one:
            with self.host("t", folder=one.folder) as two:
                for of in (one, two):
                    harness.wait_for(lambda: len(self.nodes(of).get("ff.http.broadcast", [])) == 2, 5, "both subscriptions")
                publish(one, "t", b"from one")
                for of, origin in ((one, "hearer"), (two, "broker:http")):
                    (row,) = wait_for_heard(of, 1)
                    self.assertEqual((row["body"], row["origin"]), ("from one", origin))
                self.assertEqual(one.post("/t?local", b"quiet", listener="say").status, 204)
                publish(one, "t", b"loud")
                self.assertEqual([r["body"] for r in wait_for_heard(two, 2)], ["from one", "loud"])
            harness.wait_for(lambda: len(self.nodes(one).get("ff.http.broadcast", [])) == 1, 5, "the end of the other")

    def test_an_address_that_nobody_reaches_is_said(self):
        with self.host("t", broker={"address": "0.0.0.0:0"}) as h:
            harness.wait_for(lambda: "set advertise" in h.stderr, 5, "a line in the log")
            self.assertEqual(self.nodes(h), {})
            self.assertIn("set advertise", h.ask_control("GET", "/readyz?verbose").text)
        with self.host("t", broker={"address": "0.0.0.0:0", "advertise": "broker.example"}) as h:
            self.assertRegex(self.subscription(h, "t")["address"], r"^broker\.example:\d+$")


if __name__ == "__main__":
    unittest.main()
