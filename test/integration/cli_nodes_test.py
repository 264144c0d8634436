# SPDX-License-Identifier: Apache-2.0
"""Health and figures of nodes, and services that are registered by hand."""
import json
import os
import unittest

import cli_case
import harness
import wire
from cli_case import GREETER, answer

HEALTH = """service  go.micro.srv.greeter

version 1.2.3

node		address:port		status
go.micro.srv.greeter-greeter-1		{address}		ok
"""
# capture 27, decoded
STATS = b'{"timestamp":1795451075,"started":1795451046,"uptime":29,"memory":2590144,"threads":15}'


class Health(cli_case.Case):
    def test_each_node_is_asked_and_shown_as_micro_does(self):
        upstream = self.greeter(answer(b'{"status":"ok"}'))
        for words in (("health", GREETER), ("health", "check", GREETER), ("health", "greeter")):
            self.assertEqual(self.run_here(*words), HEALTH.format(address=upstream.address))
        self.assertEqual(upstream.requests[0]["Micro-Endpoint"], "Debug.Health")

    def test_a_node_that_is_gone_has_its_reason_and_the_exit_status_says_so(self):
        upstream = self.greeter(answer(b'{"status":"ok"}'))
        self.register(GREETER, "127.0.0.1:1", node="dead-1", version="1.2.3")
        out = self.run_here("health", GREETER, status=1).splitlines()
        self.assertIn(f"go.micro.srv.greeter-greeter-1\t\t{upstream.address}\t\tok", out)
        dead = next(line for line in out if line.startswith("dead-1"))
        self.assertTrue(dead.startswith("dead-1\t\t127.0.0.1:1\t\t") and not dead.endswith("ok"), dead)
        rows = json.loads(self.run_here("health", GREETER, "--output", "json", status=1))
        self.assertEqual(sorted(r["node"] for r in rows), ["dead-1", "go.micro.srv.greeter-greeter-1"])

    def test_without_a_name_all_are_asked(self):
        self.greeter(answer(b'{"status":"ok"}'))
        with wire.Upstream(answer(b'{"status":"tired"}')) as other:
            self.register("go.micro.srv.other", other.address)
            out = self.run_here("health", status=1)
        self.assertIn("service  go.micro.srv.greeter\n", out)
        self.assertIn("\nservice  go.micro.srv.other\n\nversion 1.0.0\n", out)
        self.assertIn("\t\ttired\n", out)

    def test_with_an_address_it_is_the_word_alone(self):
        with wire.Upstream(answer(b'{"status":"ok"}')) as upstream:
            self.assertEqual(self.run_here("health", "check", "--address", upstream.address, "any"), "ok\n")
        self.fails("health", "--address", upstream.address, "any", says=[upstream.address])

    def test_brokers_are_not_called(self):
        self.register("go.micro.http.broker", nodes=[{"id": "t-1", "address": "127.0.0.1:1", "metadata": {"topic": "t"}}], node="t-1")
        self.assertNotIn("t-1", self.run_here("health", "go.micro.http.broker"))


class Stats(cli_case.Case):
    def test_figures_are_written_as_go_writes_them(self):
        upstream = self.greeter(answer(STATS))
        out = self.run_here("stats", GREETER, env={"TZ": "UTC"})
        self.assertEqual(out, f"""service  go.micro.srv.greeter

version 1.2.3

node		address:port		started	uptime	memory	threads	gc
go.micro.srv.greeter-greeter-1		{upstream.address}		Nov 23 16:24:06	29s	2.47mb	15	0s
""")
        row = json.loads(self.run_here("stats", GREETER, "--output", "json"))[0]
        self.assertEqual((row["started"], row["uptime"], row["memory"], row["threads"], row["gc"], row["error"]),
                         (1795451046000, 29000, 2590144, 15, 0, None))

    def test_numbers_may_be_text(self):
        self.greeter(answer(b'{"started":"1795451046","uptime":"3723","memory":"1048576","threads":"2","gc":"1500000"}'))
        out = self.run_here("stats", GREETER, env={"TZ": "UTC"})
        self.assertIn("1h2m3s\t1.00mb\t2\t1.5ms\n", out)

    def test_a_node_that_fails_is_not_a_row_of_zeros(self):
        self.greeter(answer(b"", "no such endpoint"))
        self.assertIn("\t\tno such endpoint\n", self.run_here("stats", GREETER, status=1))


class Register(cli_case.Case):
    FOO = '{"name":"foo","version":"bar","nodes":[{"id":"foo-1","address":"127.0.0.1:19999"}]}'

    def test_what_is_registered_is_found_until_it_is_taken_back(self):
        self.assertEqual(self.run_here("register", "service", self.FOO), "ok\n")
        self.assertEqual(self.run_here("get", "service", "foo"),
                         "service  foo\n\nversion bar\n\nID\tAddress\tMetadata\nfoo-1\t127.0.0.1:19999\t\n")
        self.assertEqual(self.run_here("deregister", "service", self.FOO), "ok\n")
        self.fails("get", "service", "foo", says=["service not found: foo"])
        self.fails("deregister", "service", self.FOO, says=["no such node of foo"])

    def test_a_serving_process_sees_it_at_once(self):
        with harness.Microhost({"load": ["api.so"], "modules": {"api": {"address": "127.0.0.1:0", "handler": "rpc"}}},
                               folder=self.folder) as host, wire.Upstream(answer(b'{"msg":"hi"}')) as upstream:
            service = {"name": "go.micro.api.foo", "nodes": [{"id": "foo-1", "address": upstream.address, "metadata": {"protocol": "mucp"}}]}
            self.run_here("register", "service", json.dumps(service))
            harness.wait_for(lambda: host.post("/foo/bar", "{}", {"Content-Type": "application/json"}).status == 200, 5, "the service")
            self.run_here("deregister", "service", json.dumps(service))
            harness.wait_for(lambda: host.post("/foo/bar", "{}", {"Content-Type": "application/json"}).status != 200, 5, "its end")

    def test_it_lives_as_long_as_it_was_given(self):
        self.run_here("register", "service", self.FOO, "--ttl", "1s")
        content = json.loads(next(self.registry.iterdir()).read_text())
        self.assertEqual(content["ttl_s"], 1)
        self.assertNotIn("owner_pid", content)
        harness.wait_for(lambda: self.run_here("list", "services") == "", 5, "the end of its time")

    def test_port_of_old_services_is_not_dropped(self):
        self.run_here("register", "service", '{"name":"old","nodes":[{"id":"old-1","address":"127.0.0.1","port":8080}]}')
        self.assertIn("old-1\t127.0.0.1:8080\t", self.run_here("get", "service", "old"))

    def test_what_is_no_service_is_refused(self):
        for text, says in (("{", "not JSON"), ('{"name":"x"}', "names no node"), ('{"nodes":[]}', "name"),
                           ('{"name":"x","nodes":[{"id":"x-1","address":"nowhere"}]}', "host:port")):
            with self.subTest(text=text):
                self.fails("register", "service", text, status=2, says=[says])
        self.fails("register", "service", status=2, says=["require service definition"])
        self.assertFalse(self.runtime.exists(), "nothing was written")

    def test_a_file_and_a_pipe(self):
        (self.folder / "foo.json").write_text(self.FOO)
        self.assertEqual(self.run_here("register", "service", "@foo.json"), "ok\n")
        self.assertEqual(self.run_here("deregister", "service", "-", given=self.FOO), "ok\n")
        self.assertEqual(os.listdir(self.registry), [])


if __name__ == "__main__":
    unittest.main()
