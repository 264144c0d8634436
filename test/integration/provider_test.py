# SPDX-License-Identifier: Apache-2.0
"""A module that tells where services are (test/fixtures/teller.c), as an operator and the gateway's clients see it."""
import json
import re
import shutil
import signal
import threading
import time

import fixtures
import harness
import wire

JSON = [("Content-Type", "application/json")]


class Teller:
    """The script of a teller.so: what it says, line by line."""

    def __init__(self, folder, name="script", *lines):
        self.path = folder / name
        self.lines = []
        self.say(*lines)

    def say(self, *lines):
        self.lines += lines
        partial = self.path.with_suffix(".new")
        partial.write_text("".join(line + "\n" for line in self.lines))
        partial.replace(self.path)


def upsert(name, *nodes, version="1.0.0", ttl=0):
    """nodes: addresses, or dicts."""
    listed = [n if isinstance(n, dict) else {"id": f"{name}-{i}", "address": n, "metadata": {"protocol": "mucp"}}
              for i, n in enumerate(nodes)]
    return f"upsert {ttl} " + json.dumps({"name": name, "version": version, "metadata": None, "endpoints": [], "nodes": listed})


class Provider(harness.Case):
    def serve(self, *lines, host=None, folder=None, **more):
        """A gateway with a teller that says these lines; its script is .teller."""
        host = harness.Microhost({
            "host": {"loops": 2, "log": {"format": "json"}, **(host or {})},
            "load": ["api.so", str(fixtures.FOLDER / "teller.so")],
            "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
            "modules": {"api": {"namespace": "go.micro.api", "handler": "rpc"}, "teller": {}},
        }, folder=folder, **more)
        host.teller = Teller(host.folder, "script", *lines)
        host.config["modules"]["teller"]["script"] = str(host.teller.path)
        return host

    def row(self, host, provider="teller"):
        rows = {row["provider"]: row for row in host.ask_control("GET", "/v1/registry").json()}
        return rows.get(provider)

    def wait_for_row(self, host, **wanted):
        def fits():
            row = self.row(host) or {}
            return row if all(row.get(k) == v for k, v in wanted.items()) else None
        return harness.wait_for(fits, 10, f"a provider with {wanted}")

    def names(self, host):
        return sorted(row["name"] for row in host.ask_control("GET", "/v1/services").json())

    def wait_for_names(self, host, *names):
        harness.wait_for(lambda: self.names(host) == sorted(names), 10, f"services {names}")

    def call(self, host, name):
        return host.post(f"/{name}/say/hello", b"{}", JSON)

    def readyz(self, host):
        return host.ask_control("GET", "/readyz?verbose")

    def wait_for_check(self, host, line):
        harness.wait_for(lambda: line in self.readyz(host).text, 10, f"{line!r} in /readyz")

    def reload(self, host, script):
        """The module is replaced; the new generation reads another script."""
        host.config["modules"]["teller"]["script"] = str(script.path)
        host.write_config(host.config)
        before = len(host.stderr)
        host.signal(signal.SIGHUP)
        harness.wait_for(lambda: "provider starts" in host.stderr[before:], 10, "the next generation")

    # ---- what it says

    def test_a_service_that_a_module_knows_is_called(self):
        with wire.Upstream(wire.answer(b'{"from":"a"}', headers=JSON)) as upstream:
            with self.serve(upsert("go.micro.api.far", upstream.address), "synced") as host:
                harness.wait_for(lambda: self.call(host, "far").status == 200, 5, "the service")
                self.assertEqual(self.call(host, "far").json(), {"from": "a"})
                row = self.wait_for_row(host, state="synced", services=1, nodes=1)
                self.assertEqual((row["priority"], row["text"], row["last_trouble"]), (50, "", ""))
                self.assertIn("[+]registry ok\n", self.readyz(host).text)
                host.teller.say("remove go.micro.api.far 1.0.0 go.micro.api.far-0")
                harness.wait_for(lambda: self.call(host, "far").status == 503, 5, "its end")
                self.assertEqual(self.row(host)["nodes"], 0)

    def test_reports_from_a_worker_thread_are_taken_and_what_comes_after_the_end_is_not(self):
        with self.serve("@" + upsert("a", "127.0.0.1:1"), "@synced") as host:
            self.wait_for_row(host, state="synced", services=1)
            host.stop()
            host.wait_for_log("provider stops")
            self.assertNotIn('"level":"error"', host.stderr)

    def test_what_a_report_replaces_and_removes(self):
        with self.serve("synced") as host:
            self.wait_for_row(host, state="synced")
            host.teller.say(upsert("a", "127.0.0.1:1", "127.0.0.1:2"), upsert("a", {"id": "x", "address": "127.0.0.1:3"}, version="2"))
            self.wait_for_row(host, services=2, nodes=3)
            host.teller.say(upsert("a", "127.0.0.1:1"))
            self.wait_for_row(host, services=2, nodes=2)
            host.teller.say("remove a 2 -")
            self.wait_for_row(host, services=1, nodes=1)
            host.teller.say(upsert("b", "127.0.0.1:4"), "remove a - -")
            self.wait_for_names(host, "b")
            host.teller.say(upsert("b"))
            self.wait_for_names(host)

    def test_what_is_not_told_again_in_time_is_forgotten(self):
        with self.serve("synced", upsert("brief", "127.0.0.1:1", ttl=1), upsert("stays", "127.0.0.1:2")) as host:
            self.wait_for_names(host, "brief", "stays")
            self.wait_for_names(host, "stays")

    def test_what_is_no_service_is_one_warning_and_changes_nothing(self):
        with self.serve(upsert("a", "127.0.0.1:1"), "synced") as host:
            self.wait_for_names(host, "a")
            host.teller.say("upsert 0 nonsense", 'upsert 0 {"name":"a","version":"1.0.0","nodes":[{"id":""}]}', 'upsert 0 {"nodes":[]}',
                            upsert("b", "127.0.0.1:2"))
            self.wait_for_names(host, "a", "b")
            said = [line for line in host.stderr.splitlines() if "what is no service" in line]
            self.assertEqual(len(said), 1, host.stderr)
            self.assertIn("registry teller", said[0])
            self.assertEqual(host.stderr.count("status -2"), 3)

    def test_the_directory_wins_where_both_know_a_node(self):
        with wire.Upstream(wire.answer(b'{"from":"near"}', headers=JSON)) as near, \
                self.serve(upsert("go.micro.api.both", {"id": "go.micro.api.both-1", "address": "127.0.0.1:1"}), "synced") as host:
            self.wait_for_names(host, "go.micro.api.both")
            host.register("go.micro.api.both", near.address)
            harness.wait_for(lambda: self.call(host, "both").status == 200, 5, "the near one")
            self.assertEqual({self.call(host, "both").status for _ in range(20)}, {200})

    # ---- start, trouble, reload

    def test_the_process_is_not_ready_until_a_provider_has_told_all(self):
        host = self.serve(upsert("a", "127.0.0.1:1"), host={"registry_wait": "60s"})
        with host:
            answer = self.readyz(host)
            self.assertEqual(answer.status, 503)
            self.assertIn("[-]registry teller: not synced yet\n", answer.text)
            self.assertNotIn('"msg":"ready"', host.stderr)
            host.teller.say("synced")
            harness.wait_for(lambda: self.readyz(host).status == 200, 5, "readiness")
            host.wait_for_log('"msg":"ready"')

    def test_the_wait_is_bounded_and_the_last_run_is_remembered(self):
        with wire.Upstream(wire.answer(b'{"from":"a"}', headers=JSON)) as upstream:
            with self.serve(upsert("go.micro.api.far", upstream.address), "synced") as host:
                self.wait_for_row(host, state="synced", nodes=1)
                path = host.state / "registry/teller.json"
                harness.wait_for(path.exists, 10, "the file")
                self.assertEqual(path.stat().st_mode & 0o777, 0o600)
                host.stop()
                with self.serve("trouble no route to host", folder=host.folder, host={"registry_wait": "300ms"}) as again:
                    harness.wait_for(lambda: self.readyz(again).status == 200, 10, "readiness")
                    text = self.readyz(again).text
                    self.assertRegex(text, r"\[\+\]registry degraded: teller: not synced yet \(no route to host\); what is known of it was "
                                           r"written 20\d\d-\S+ to \S+/registry/teller.json\n")
                    self.assertEqual(self.call(again, "far").status, 200)
                    again.teller.say("well", upsert("other", "127.0.0.1:1"), "synced")
                    self.wait_for_names(again, "other")
                    self.assertIn("[+]registry ok\n", self.readyz(again).text)

    def test_a_damaged_file_of_the_last_run_is_one_warning(self):
        host = self.serve("synced")
        (host.state / "registry").mkdir(parents=True)
        (host.state / "registry/teller.json").write_text("{")
        with host:
            self.wait_for_row(host, state="synced")
            said = [line for line in host.stderr.splitlines() if "teller.json" in line]
            self.assertEqual(len(said), 1, host.stderr)
            self.assertIn('"level":"warn"', said[0])

    def test_trouble_keeps_the_services_and_is_shown_until_it_is_over(self):
        with wire.Upstream(wire.answer(b'{"from":"a"}', headers=JSON)) as upstream, \
                self.serve(upsert("go.micro.api.far", upstream.address, ttl=1), "synced") as host:
            self.wait_for_row(host, state="synced", nodes=1)
            host.teller.say("trouble connection refused")
            self.wait_for_check(host, "[+]registry degraded: teller: connection refused; what it said last stays in use\n")
            self.assertEqual(self.readyz(host).status, 200)
            self.assertEqual(self.row(host)["state"], "stale")
            metrics = host.ask_control("GET", "/metrics").text
            for line in ('microhost_registry_provider_state{provider="teller",state="stale"} 1',
                         'microhost_registry_provider_state{provider="directory",state="synced"} 1',
                         'microhost_registry_provider_nodes{provider="teller"} 1', 'microhost_registry_provider_services{provider="teller"} 1'):
                self.assertIn(line, metrics)
            end = time.monotonic() + 2  # longer than the TTL
            while time.monotonic() < end:
                self.assertEqual(self.call(host, "far").status, 200)
            host.teller.say("well")
            self.wait_for_check(host, "[+]registry ok\n")
            self.assertEqual(self.row(host)["last_trouble"], "connection refused")
            self.wait_for_names(host)  # nobody told it again

    def test_one_that_cannot_be_started_is_not_ready_and_says_why(self):
        with self.serve("fail no endpoint is configured") as host:
            self.wait_for_check(host, "[-]registry teller: no endpoint is configured\n")
            self.assertEqual(self.readyz(host).status, 503)

    def test_a_reload_does_not_flap(self):
        with wire.Upstream(wire.answer(b'{"from":"a"}', headers=JSON)) as upstream, \
                self.serve(upsert("go.micro.api.far", upstream.address), upsert("old", "127.0.0.1:1"), "synced") as host:
            harness.wait_for(lambda: self.call(host, "far").status == 200, 5, "the service")
            wrong, stop = [], threading.Event()

            def client():
                with wire.Client(host.port()) as connection:
                    while not stop.is_set():
                        answer = connection.request("POST", "/far/say/hello", JSON, b"{}")
                        if answer.status != 200:
                            wrong.append(answer.text)
                        ready = self.readyz(host)
                        if ready.status != 200:
                            wrong.append(ready.text)

            thread = threading.Thread(target=client)
            thread.start()
            try:
                for i in range(3):
                    script = Teller(host.folder, f"script{i}")
                    self.reload(host, script)
                    self.assertIn("go.micro.api.far", self.names(host))
                    script.say(upsert("go.micro.api.far", upstream.address), "synced")
                    self.wait_for_row(host, state="synced", text="", nodes=1)
                    self.wait_for_names(host, "go.micro.api.far")
            finally:
                stop.set()
                thread.join()
            self.assertEqual(wrong, [])

    def test_a_reload_that_never_syncs_keeps_what_was_known_and_says_so(self):
        with self.serve(upsert("a", "127.0.0.1:1"), "synced", host={"registry_wait": "200ms"}) as host:
            self.wait_for_names(host, "a")
            self.reload(host, Teller(host.folder, "script2"))
            self.wait_for_check(host, "[+]registry degraded: teller: not synced yet; what the generation before it said stays in use\n")
            host.wait_for_log("what the generation before it said stays in use")
            self.assertEqual(self.names(host), ["a"])

    def test_a_module_that_is_unloaded_takes_its_services_along(self):
        with self.serve(upsert("a", "127.0.0.1:1"), "synced") as host:
            self.wait_for_names(host, "a")
            del host.config["load"][1], host.config["modules"]["teller"]
            host.write_config(host.config)
            host.signal(signal.SIGHUP)
            self.wait_for_names(host)
            self.assertIsNone(self.row(host))
            self.assertIn("[+]registry ok\n", self.readyz(host).text)

    def test_a_name_that_nobody_knows_is_looked_up_once(self):
        with wire.Upstream(wire.answer(b'{"from":"a"}', headers=JSON)) as upstream, self.serve("synced") as host:
            self.wait_for_row(host, state="synced")
            for _ in range(5):
                self.assertEqual(self.call(host, "shy").status, 404)
            host.wait_for_log("provider looks up")
            host.teller.say(upsert("go.micro.api.shy", upstream.address))
            harness.wait_for(lambda: self.call(host, "shy").status == 200, 5, "what was found")
            self.assertEqual(re.findall(r'"provider looks up","what":"([^"]*)"', host.stderr), ["go.micro.api.shy"])

    # ---- what this process announces

    def node(self, node_id="mine-1"):
        return upsert("mine", {"id": node_id, "address": "127.0.0.1:9", "metadata": {}}).partition(" ")[2].partition(" ")[2]

    def said(self, host):
        """What the teller was told, in order."""
        return [row["msg"] for row in host.log_rows() if row["msg"].startswith("provider ")]

    def test_what_a_module_enlists_is_announced_and_withdrawn(self):
        with self.serve("synced", f"enlist 30 {self.node()}") as host:
            host.wait_for_log("provider announces key 1 ttl 30")
            host.wait_for_log('\\"mine-1\\"')
            self.wait_for_names(host, "mine")  # through the directory
            host.teller.say("deregister")
            host.wait_for_log("provider withdraws key 1")
            self.wait_for_names(host)
            host.teller.say(f"enlist 0 {self.node('mine-2')}")
            host.wait_for_log("provider announces key 2 ttl 60")
            host.stop()
            self.assertEqual(self.said(host)[-2:], ["provider withdraws key 2", "provider stops"])
            self.assertEqual(list(host.runtime.glob("registry/v1/*.json")), [])

    def test_a_reloaded_provider_has_announced_everything_before_the_old_one_is_stopped(self):
        with self.serve("synced", f"enlist 30 {self.node()}") as host:
            host.wait_for_log("provider announces key 1 ttl 30")
            self.reload(host, Teller(host.folder, "script2", "synced"))
            host.wait_for_log("provider withdraws key 1")  # its module has ended
            self.assertEqual(self.said(host), [
                "provider starts", "provider announces key 1 ttl 30", "provider starts", "provider announces key 1 ttl 30",
                "provider stops", "provider withdraws key 1"])

    def test_our_own_nodes_are_not_remembered_for_the_next_start(self):
        mine = self.node()
        with self.serve(f"enlist 30 {mine}", "upsert 0 " + mine, upsert("a", "127.0.0.1:1"), "synced") as host:
            path = host.state / "registry/teller.json"
            harness.wait_for(path.exists, 10, "the file")
            self.assertEqual([s["name"] for s in json.loads(path.read_text())["services"]], ["a"])

    # ---- which modules are loaded

    def with_registry_module(self, *args, env=None):
        host = self.serve("synced")
        host.config["load"] = ["api.so"]
        folder = host.folder / "modules"
        folder.mkdir()
        shutil.copy(fixtures.FOLDER / "teller.so", folder / "registry-teller.so")
        host.args, host.env = ["--module_path", f"{folder}:{harness.PREFIX / 'lib/microhost'}", *args], env
        return host

    def test_a_registry_is_loaded_by_its_name(self):
        for args, env in ((["--registry", "teller"], None), (["--registry=directory,teller"], None), ([], {"MICRO_REGISTRY": "teller"})):
            with self.subTest(args=args, env=env), self.with_registry_module(*args, env=env) as host:
                self.wait_for_row(host, state="synced")
                self.assertEqual(self.row(host, "directory")["state"], "synced")

    def test_an_unknown_registry_is_one_line_that_says_which_file_was_looked_for(self):
        folder = str(fixtures.FOLDER)
        self.refuses({}, "--registry", "directory,nowhere", "--module_path", folder, words=["no registry-nowhere.so in", folder])
        self.refuses({}, "--registry", "a/b", words=["--registry", "etcd"])
