# SPDX-License-Identifier: Apache-2.0
"""Services of real Micro processes out of a real etcd, and ours in it."""
import json
import os
import signal
import time
import unittest

import etcd
import fixtures
import harness
import micro_replay
import wire

MODULES = harness.PREFIX / "lib/microhost"
ANNOUNCER = str(fixtures.FOLDER / "announcer.so")
CALL = [("Content-Type", "application/json")]


def host(store, *announced, ttl_s=60, modules=None, **options):
    """A gateway on that etcd; `announced`: services of its own, as JSON."""
    options = {"addresses": store if isinstance(store, str) else store.address, "timeout": "1s", "probe": "500ms", **options}
    return harness.Microhost({
        "host": {"loops": 1}, "load": ["api.so", "registry-etcd.so", ANNOUNCER],
        "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
        "modules": {"api": {"namespace": "go.micro.srv", "handler": "rpc"}, "registry-etcd": options,
                    "announcer": {"services": list(announced), "ttl_s": ttl_s}, **(modules or {})},
    })


def call(of, name="greeter"):
    return of.post(f"/{name}/say/hello", b'{"name":"John"}', CALL)


def nodes(of, name):
    """Addresses that the host knows of a service."""
    rows = [row for row in of.ask_control("GET", "/v1/services").json() if row["name"] == name]
    return sorted(node["address"] for row in rows for node in row["nodes"] or [])


def wait_for_call(of, name="greeter", status=200, seconds=5):
    """The answer with that status."""
    return harness.wait_for(lambda: (answer := call(of, name)).status == status and answer, seconds, f"{status} of {name}")


def ours(name="ours"):
    """(key, value) of a node of this process. What the host writes is what it read, but for an empty map, which is null."""
    full = f"go.micro.srv.{name}"
    value = json.loads(etcd.service(full, f"{name}/1", "127.0.0.1:4711"))
    value["endpoints"][0]["metadata"] = {"stream": "true"}
    return f"{etcd.FOLDER}{full}/{name}-1", json.dumps(value, separators=(",", ":"))


def wait_for_nodes(of, name, *addresses, seconds=5):
    harness.wait_for(lambda: nodes(of, name) == sorted(addresses), seconds, f"{name} at {addresses}")


def readiness(of):
    return of.ask_control("GET", "/readyz?verbose").text


class Case(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not (MODULES / "registry-etcd.so").exists():
            raise unittest.SkipTest("registry-etcd.so is not built")
        etcd.environment()


class Found(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store = cls.enterClassContext(etcd.Etcd())

    def setUp(self):
        self.store.ctl("del", "--prefix", "/")

    def test_a_service_of_go_micro_1_18_that_was_there_before_is_called(self):
        with micro_replay.Greeter() as greeter:
            self.store.ctl("put", etcd.key("go.micro.srv.greeter", "go.micro.srv.greeter-greeter-1"),
                           micro_replay.NODE_1_18.format(address=greeter.address))
            with host(self.store) as gateway:
                self.assertEqual(wait_for_call(gateway).json(), {"msg": "Hello John"})
                request = greeter.wait_for_requests(1)[0]
                self.assertEqual((request["Micro-Service"], request["Micro-Endpoint"]), ("go.micro.srv.greeter", "Say.Hello"))

    def test_what_go_micro_2_9_writes_is_understood(self):
        with micro_replay.Greeter() as greeter, host(self.store) as gateway:
            self.store.ctl("put", etcd.key("go.micro.service.greeter", "go.micro.service.greeter-v2-1"),
                           micro_replay.NODE_2_9.format(address=greeter.address, protocol="grpc"))
            wait_for_nodes(gateway, "go.micro.service.greeter", greeter.address)
            row = next(r for r in gateway.ask_control("GET", "/v1/services").json() if r["name"] == "go.micro.service.greeter")
            self.assertEqual(row["version"], "2.0.0")
        with micro_replay.Greeter() as greeter:
            self.store.ctl("put", etcd.key("go.micro.service.greeter", "go.micro.service.greeter-v2-1"),
                           micro_replay.NODE_2_9.format(address=greeter.address, protocol="mucp"))
            with host(self.store, modules={"api": {"namespace": "go.micro.service", "handler": "rpc"}}) as gateway:
                self.assertEqual(wait_for_call(gateway).json(), {"msg": "Hello John"})

    def test_a_node_comes_changes_and_goes(self):
        with micro_replay.Greeter() as one, micro_replay.Greeter(wire.answer('{"msg":"two"}')) as two, host(self.store) as gateway:
            self.assertEqual(call(gateway).status, 404)
            self.store.put("go.micro.srv.greeter", "g-1", one.address)
            wait_for_nodes(gateway, "go.micro.srv.greeter", one.address)
            self.assertEqual(call(gateway).json(), {"msg": "Hello John"})
            self.store.put("go.micro.srv.greeter", "g-1", two.address)
            wait_for_nodes(gateway, "go.micro.srv.greeter", two.address)
            self.assertEqual(call(gateway).json(), {"msg": "two"})
            self.store.put("go.micro.srv.greeter", "g-2", one.address, version="2.0.0")
            wait_for_nodes(gateway, "go.micro.srv.greeter", one.address, two.address)
            self.store.ctl("del", "--prefix", etcd.FOLDER)
            harness.wait_for(lambda: call(gateway).status == 503, 5, "the end of its nodes")

    def test_a_version_that_changes_under_a_node_never_leaves_the_service_without_it(self):
        with micro_replay.Greeter() as greeter, host(self.store) as gateway:
            self.store.put("go.micro.srv.greeter", "g-1", greeter.address, version="1")
            wait_for_nodes(gateway, "go.micro.srv.greeter", greeter.address)
            for version in "2", "1", "3":
                self.store.put("go.micro.srv.greeter", "g-1", greeter.address, version=version)
                self.assertEqual(call(gateway).status, 200)
                harness.wait_for(lambda: [r["version"] for r in gateway.ask_control("GET", "/v1/services").json()
                                          if r["name"] == "go.micro.srv.greeter" and r["nodes"]] == [version], 5, version)

    def test_what_is_no_service_is_named_once_and_hurts_nobody(self):
        with micro_replay.Greeter() as greeter, host(self.store) as gateway:
            for key, value in (("broken", "{"), ("srv/x", '{"name":"go.micro.srv.greeter","nodes":[{"id":"x","address":"not an address"}]}')):
                self.store.ctl("put", etcd.FOLDER + key, value)
            self.store.put("go.micro.srv.greeter", "g-1", greeter.address, version="")
            wait_for_nodes(gateway, "go.micro.srv.greeter", greeter.address)
            self.assertEqual(call(gateway).status, 200)
            self.store.ctl("put", etcd.FOLDER + "broken", "{")
            for key in "broken", "srv/x":
                gateway.wait_for_log(f"{etcd.FOLDER}{key} is passed over")
                self.assertEqual(gateway.stderr.count(f"{etcd.FOLDER}{key} is passed over"), 1)

    def test_keys_of_the_old_plugin_are_read_when_they_are_wanted(self):
        with micro_replay.Greeter() as greeter:
            self.store.ctl("put", "/micro-registry/go.micro.srv.greeter/g-1", etcd.service("go.micro.srv.greeter", "g-1", greeter.address))
            with host(self.store) as gateway:
                self.assertEqual(call(gateway).status, 404)
            with host(self.store, old_prefix="/micro-registry") as gateway:
                wait_for_call(gateway)

    def test_thousands_of_nodes_come_in_pages(self):
        count = 1200
        for first in range(0, count, 100):
            self.store.put_many((etcd.key("go.micro.srv.many", f"m-{i}"), etcd.service("go.micro.srv.many", f"m-{i}", f"127.0.0.1:{10000 + i}"))
                                for i in range(first, first + 100))
        with host(self.store) as gateway:
            harness.wait_for(lambda: len(nodes(gateway, "go.micro.srv.many")) == count, 5, f"{count} nodes")


    @unittest.skipUnless("MICROHOST_ALL" in os.environ, "--all")
    def test_two_thousand_services_with_ten_thousand_nodes(self):
        for s in range(0, 2000, 20):
            self.store.put_many((etcd.key(f"go.micro.srv.s{i}", f"s{i}-{n}"),
                                 etcd.service(f"go.micro.srv.s{i}", f"s{i}-{n}", f"127.0.0.1:{10000 + i * 5 + n}"))
                                for i in range(s, s + 20) for n in range(5))
        begun = time.monotonic()
        with host(self.store) as gateway:
            wait_for_nodes(gateway, "go.micro.srv.s1999", *(f"127.0.0.1:{10000 + 1999 * 5 + n}" for n in range(5)), seconds=20)
            ready, memory = time.monotonic() - begun, gateway.memory()
            begun = time.monotonic()
            self.store.put("go.micro.srv.s7", "s7-0", "127.0.0.1:9")
            harness.wait_for(lambda: "127.0.0.1:9" in nodes(gateway, "go.micro.srv.s7"), 5, "one change")
            print(f"10 000 nodes: known {ready * 1000:.0f} ms after the start, {memory / 1e6:.0f} MB; "
                  f"one change seen {(time.monotonic() - begun) * 1000:.0f} ms after etcdctl began")


class Ours(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store = cls.enterClassContext(etcd.Etcd())

    def setUp(self):
        self.store.ctl("del", "--prefix", "/")
        self.key, self.value = ours()

    def wait_for_key(self, seconds=5):
        harness.wait_for(lambda: self.store.get(self.key), seconds, self.key)

    def test_our_node_is_there_as_micro_writes_it_and_gone_after_the_stop(self):
        with host(self.store, self.value, ttl_s=30) as gateway:
            self.wait_for_key()
            self.assertEqual(self.store.get(self.key), self.value)
            lease = f"{self.store.get_json(self.key)['lease']:x}"
            self.assertIn("granted with TTL(30s)", self.store.ctl("lease", "timetolive", lease, "--keys"))
            gateway.stop()
            self.assertEqual(self.store.get(self.key), "")
            self.assertNotIn(lease, self.store.ctl("lease", "list"))

    def test_our_node_goes_with_its_lease_when_the_process_was_killed(self):
        gateway = host(self.store, self.value, ttl_s=2)
        try:
            gateway.start()
            self.wait_for_key()
            time_to_live = 2 + 1 + 1  # etcd looks twice a second, and grants no less than its election takes
            begun = time.monotonic()
            harness.wait_for(lambda: time.monotonic() - begun > 1.5 * time_to_live, 30, "more than its time")
            self.assertEqual(self.store.get(self.key), self.value)  # kept alive
            gateway.kill()
            harness.wait_for(lambda: not self.store.get(self.key), time_to_live, "the end of the lease")
        finally:
            gateway.kill()
            gateway._clean()

    def test_our_node_comes_back_when_somebody_deletes_it_or_its_lease(self):
        with host(self.store, self.value):
            self.wait_for_key()
            self.store.ctl("del", self.key)
            self.wait_for_key(2)
            self.store.ctl("lease", "revoke", f"{self.store.get_json(self.key)['lease']:x}")
            self.wait_for_key(2)

    def test_a_reload_of_the_module_never_takes_our_node_away(self):
        with host(self.store, self.value, ttl_s=2) as gateway:
            self.wait_for_key()
            self.store.put("go.micro.srv.greeter", "g-1", "127.0.0.1:9")
            wait_for_nodes(gateway, "go.micro.srv.greeter", "127.0.0.1:9")
            before = self.store.get_json(self.key)
            answer = gateway.ask_control("POST", "/v1/commands/modules/reload", json.dumps({"args": {"id": "registry-etcd"}}))
            self.assertEqual(answer.status, 200, answer.text)
            harness.wait_for(lambda: self.store.get_json(self.key)["lease"] != before["lease"], 5, "a lease of the new generation")
            begun = time.monotonic()  # beyond the end of the old lease
            while time.monotonic() - begun < 5:
                self.assertEqual(nodes(gateway, "go.micro.srv.greeter"), ["127.0.0.1:9"])
                self.assertEqual(self.store.get_json(self.key)["create_revision"], before["create_revision"])

    def test_a_change_on_one_host_is_seen_on_another(self):
        with host(self.store) as other:
            times = []
            for i in range(3):
                with host(self.store, ours(f"n{i}")[1]) as one:
                    wait_for_nodes(other, f"go.micro.srv.n{i}", "127.0.0.1:4711")
                    one.signal(signal.SIGTERM)
                    begun = time.monotonic()
                    wait_for_nodes(other, f"go.micro.srv.n{i}")
                    times.append(time.monotonic() - begun)
                    one.wait()
            times.sort()
            print(f"gone on the other host {[round(t * 1000) for t in times]} ms after SIGTERM")
            self.assertLess(times[1], 0.5 * harness.SLOW, "its lease lasts much longer")
            times = [self.seconds_until_seen(other, i) for i in range(20)]
            times.sort()
            print(f"a change is seen after {times[10] * 1000:.1f} ms (half), {times[-1] * 1000:.1f} ms (all)")
            self.assertLess(times[10], 0.5 * harness.SLOW)

    def test_a_service_of_a_module_on_one_host_is_called_through_the_gateway_of_another(self):
        if not (MODULES / "greeter.so").exists():
            self.skipTest("the examples are not built")
        name = "go.micro.api.greeter"
        serving = harness.Microhost({"host": {"rpc_address": ["127.0.0.1:0"]}, "load": ["registry-etcd.so", "greeter.so"],
                                     "modules": {"registry-etcd": {"addresses": self.store.address}}})
        with host(self.store, modules={"api": {"namespace": "go.micro.api", "handler": "rpc"}}) as gateway:
            with serving:
                self.assertNotEqual(serving.runtime, gateway.runtime)
                self.assertEqual(wait_for_call(gateway).json(), {"msg": "Hello John"})
                listed = next(row for row in gateway.ask_control("GET", "/v1/services").json() if row["name"] == name)
                self.assertEqual([node["metadata"]["registry"] for node in listed["nodes"]], ["etcd"])
                serving.signal(signal.SIGTERM)
                serving.wait()
                wait_for_call(gateway, status=503)

    def seconds_until_seen(self, other, i):
        name = f"go.micro.srv.seen{i}"
        begun = time.monotonic()
        self.store.put_many([(etcd.key(name, "1"), etcd.service(name, "1", "127.0.0.1:4711"))])
        wait_for_nodes(other, name, "127.0.0.1:4711")
        return time.monotonic() - begun


if __name__ == "__main__":
    unittest.main()
