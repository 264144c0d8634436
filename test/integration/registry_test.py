# SPDX-License-Identifier: Apache-2.0
"""Services that come, die, lie and change, as seen by clients of the gateway."""
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import fixtures
import harness
import wire

MODULES = harness.PREFIX / "lib/microhost"
GREETER = harness.ROOT / "examples/greeter-python/greeter.py"
JSON = [("Content-Type", "application/json")]
CLIENTS = 16


def gateway(**api):
    return harness.Microhost({
        "host": {"loops": 2}, "load": ["api.so"], "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
        "modules": {"api": {"namespace": "go.micro.api", "handler": "rpc", **api}},
    })


def call(host, name, endpoint="say/hello", body=b'{"name":"John"}', **options):
    return host.post(f"/{name}/{endpoint}", body, JSON, **options)


def warnings(host):
    """The messages of lines that warn, or worse."""
    lines = [json.loads(line) for line in host.stderr.splitlines() if line.startswith("{")]
    return [line["msg"] for line in lines if line["level"] in ("warn", "error")]


class Registry(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not (MODULES / "api.so").exists():
            raise unittest.SkipTest("api.so is not built")

    def services(self, host):
        return {row["name"]: row for row in host.ask_control("GET", "/v1/services").json()}

    def wait_for_service(self, host, name, nodes=1):
        harness.wait_for(lambda: len(self.services(host).get(name, {}).get("nodes") or []) == nodes, 5,
                         f"{name} with {nodes} nodes")

    # ---- coming and going

    def test_a_python_service_is_reachable_at_once_and_known_without_a_node_when_it_was_killed(self):
        name = f"random{secrets.token_hex(4)}"
        with gateway() as host:
            path = host.runtime / "registry/v1"
            process = subprocess.Popen([sys.executable, str(GREETER), f"go.micro.api.{name}"], stderr=subprocess.DEVNULL,
                                       env=harness.clean_environment(host.folder))
            try:
                harness.wait_for(lambda: list(path.glob(f"go.micro.api.{name}-*.json")), 10, "its file")
                harness.wait_for(lambda: call(host, name).status == 200, 1, "an answer, within a second of the file,")
                self.assertEqual(call(host, name).json(), {"msg": "Hello John"})
                process.kill()
                process.wait()
                harness.wait_for(lambda: call(host, name).status == 503, 1, "its end")
            finally:
                process.kill()
                process.wait()
            gone, unknown = call(host, name), call(host, "never-heard-of")
            for answer, status, word in ((gone, 503, "Service Unavailable"), (unknown, 404, "Not Found")):
                with self.subTest(status):
                    self.assertEqual(answer.status, status)
                    self.assertEqual(answer["Content-Type"], "application/json")
                    self.assertEqual(set(answer.json()), {"id", "code", "detail", "status"})
                    self.assertEqual((answer.json()["code"], answer.json()["status"]), (status, word))
                    self.assertRegex(answer["X-Request-Id"], r"^[0-9a-zA-Z_-]{16,}$")
            self.assertNotEqual(gone["X-Request-Id"], unknown["X-Request-Id"])

    def test_who_is_told_of_a_service_can_call_it_at_once(self):
        name = f"go.micro.srv.{secrets.token_hex(4)}"
        with harness.Microhost({"load": ["api.so", str(fixtures.FOLDER / "eager.so")],
                                "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
                                "modules": {"eager": {"service": name, "endpoint": "Say.Hello"}}}) as host:
            with harness.Process([sys.executable, GREETER, name], env=harness.clean_environment(host.folder)) as service:
                rows = harness.wait_for(lambda: host.log_rows("greeted"), 10, "the outcome of the call")
                self.assertEqual([(r["msg"], r["what"]) for r in rows], [("greeted", '{"msg": "Hello stranger"}')])
                service.terminate()

    def test_a_service_that_stops_is_gone_and_one_that_comes_back_is_served(self):
        with gateway() as host:
            for _ in range(3):
                with harness.Service(host, "go.micro.api.back"):
                    harness.wait_for(lambda: call(host, "back", "echo/call").status == 200, 2, "the service")
                harness.wait_for(lambda: call(host, "back", "echo/call").status == 503, 2, "its end")

    def test_a_killed_node_fails_only_what_it_had_in_hand(self):
        with gateway() as host, harness.Service(host, "go.micro.api.two", "--node", "stays"), \
                harness.Service(host, "go.micro.api.two", "--node", "dies") as dies:
            self.wait_for_service(host, "go.micro.api.two", 2)
            seen, failures, killed, stop = [], [], threading.Event(), threading.Event()

            def client():
                with wire.Client(host.port()) as connection:
                    while not stop.is_set():
                        began = time.monotonic()
                        answer = connection.request("POST", "/two/echo/call", JSON, b"{}")
                        if answer.status == 200:
                            seen.append((began, answer.json()["node"]))
                        else:
                            failures.append((began, answer.status, answer.text))

            threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
            for t in threads:
                t.start()
            try:
                harness.wait_for(lambda: {node for _, node in seen} == {"stays", "dies"} and len(seen) > 500, 20, "load")
                self.assertEqual(failures, [])
                settled = time.monotonic() + 0.5 * harness.SLOW
                dies.kill()
                harness.wait_for(lambda: sum(began > settled for began, _ in list(seen)) > 100, 20, "load without the node")
            finally:
                stop.set()
                for t in threads:
                    t.join()
            self.assertLessEqual(len(failures), CLIENTS, failures)
            for began, status, text in failures:
                self.assertIn(status, (502, 503), text)
                self.assertLess(began, settled, "a request that came later failed")
            self.assertEqual({node for began, node in seen if began > settled}, {"stays"})

    def test_a_client_shortens_the_deadline_of_its_call(self):
        with gateway() as host, harness.Service(host, "go.micro.api.slow"):
            self.wait_for_service(host, "go.micro.api.slow")
            self.assertEqual(call(host, "slow", "echo/sleep", b"{}").status, 200)
            answer = host.post("/slow/echo/sleep", b'{"ms": 3000}', [*JSON, ("Timeout", "200000000")])  # nanoseconds
            self.assertEqual(answer.status, 504)

    def test_another_version_of_a_service_is_shown_and_called(self):
        with gateway() as host:
            with harness.Service(host, "go.micro.api.v", "--version", "1.0.0", "--node", "v-1"):
                self.wait_for_service(host, "go.micro.api.v")
                self.assertEqual(self.services(host)["go.micro.api.v"]["version"], "1.0.0")
            with harness.Service(host, "go.micro.api.v", "--version", "2.0.0", "--node", "v-2"):
                harness.wait_for(lambda: self.services(host).get("go.micro.api.v", {}).get("version") == "2.0.0", 5,
                                 "the new version")
                self.assertEqual(call(host, "v", "echo/call").json()["node"], "v-2")

    def test_a_version_that_changes_in_place_is_shown(self):
        with gateway() as host, wire.Upstream() as upstream:
            host.register("go.micro.api.v", upstream.address)
            self.wait_for_service(host, "go.micro.api.v")
            host.register("go.micro.api.v", upstream.address, version="1.0.1")
            harness.wait_for(lambda: self.services(host)["go.micro.api.v"]["version"] == "1.0.1", 5, "the new version")

    # ---- files that cannot be believed

    def wait_for_good(self, host, upstream, name="good"):
        """A node written after the bad one is served: the bad one was seen too."""
        host.register(f"go.micro.api.{name}", upstream.address)
        harness.wait_for(lambda: call(host, name).status == 200, 5, "the good service")

    def test_a_damaged_file_is_one_warning_that_names_it(self):
        table = {"text": ("nonsense", ""), "cut": ('{"format": 1, "name":', ""),
                 "newer": ('{\n"format": 7}', ":2"), "lacks": ('{"format": 1, "name": "go.micro.api.lacks", "ttl_s": 60}', "")}
        with gateway() as host, wire.Upstream() as upstream:
            folder = host.runtime / "registry/v1"
            for name, (text, _) in table.items():
                (folder / f"{name}.tmp").write_text(text)
                os.utime(folder / f"{name}.tmp", (time.time() - 5, time.time() - 5))
                (folder / f"{name}.tmp").rename(folder / f"{name}.json")
            self.wait_for_good(host, upstream)
            for name, (_, line) in table.items():
                with self.subTest(name):
                    host.wait_for_log(f"{name}.json{line}")
            for name in table:  # touched, as a heartbeat does: no news
                os.utime(folder / f"{name}.json", (time.time() - 4, time.time() - 4))
            self.wait_for_good(host, upstream, "later")
            for name in table:
                with self.subTest(name):
                    self.assertEqual(len([w for w in warnings(host) if f"{name}.json" in w]), 1, host.stderr)
            self.assertEqual(set(self.services(host)), {"go.micro.api.good", "go.micro.api.later"})

    def test_a_file_that_is_damaged_while_it_is_served_keeps_its_last_content(self):
        with gateway() as host, wire.Upstream() as upstream:
            self.wait_for_good(host, upstream)
            (host.runtime / "registry/v1/go.micro.api.good-1.json").write_text("{")
            self.wait_for_good(host, upstream, "later")
            self.assertEqual(call(host, "good").status, 200)
            host.wait_for_log("go.micro.api.good-1.json")

    def test_a_file_that_others_can_write_is_ignored_with_one_warning(self):
        host = gateway()
        folder = host.folder / "runtime/registry/v1"
        folder.mkdir(parents=True)
        folder.chmod(0o755)  # others may come in: then the mode of the file counts
        with host, wire.Upstream() as upstream:
            path = host.register("go.micro.api.open", upstream.address)
            self.wait_for_service(host, "go.micro.api.open")
            path.chmod(0o666)
            host.wait_for_log("can be written by others")
            self.wait_for_good(host, upstream)
            self.assertEqual(call(host, "open").status, 503)
            self.assertEqual(len([w for w in warnings(host) if "others" in w and path.name in w]), 1, host.stderr)

    def test_a_folder_that_others_can_write_is_not_read(self):
        host = gateway()
        folder = host.folder / "runtime/registry/v1"
        folder.mkdir(parents=True, mode=0o700)
        folder.chmod(0o777)
        (host.folder / "runtime").chmod(0o755)
        (host.folder / "runtime/registry").chmod(0o755)
        with host, wire.Upstream() as upstream:
            host.wait_for_log("chmod go-w")
            host.register("go.micro.api.open", upstream.address)
            folder.chmod(0o755)  # repaired: it is read then, and the file was there before
            harness.wait_for(lambda: call(host, "open").status == 200, 10, "the repaired folder")
            self.assertEqual(len([w for w in warnings(host) if "chmod go-w" in w]), 1)

    def test_a_link_is_not_followed(self):
        with gateway() as host, wire.Upstream() as upstream:
            path = host.register("go.micro.api.far", upstream.address)
            self.wait_for_service(host, "go.micro.api.far")
            path.rename(host.folder / "elsewhere.json")
            path.symlink_to(host.folder / "elsewhere.json")
            self.wait_for_good(host, upstream)
            host.wait_for_log("is a link")
            self.assertEqual(call(host, "far").status, 503)

    def test_a_file_that_appears_as_a_hard_link_is_served_at_once(self):
        with gateway() as host, wire.Upstream() as upstream:
            path = host.register("go.micro.api.hard", upstream.address)
            self.wait_for_service(host, "go.micro.api.hard")
            path.rename(host.folder / "elsewhere.json")
            harness.wait_for(lambda: call(host, "hard").status == 503, 5, "its end")
            os.link(host.folder / "elsewhere.json", path)
            harness.wait_for(lambda: call(host, "hard").status == 200, 2, "the link")

    # ---- health

    def test_a_node_whose_port_is_closed_is_passed_over(self):
        with gateway() as host, wire.Upstream(wire.answer(b'{"from":"up"}', headers=JSON)) as up:
            down = wire.Upstream(wire.answer(b'{"from":"down"}', headers=JSON))
            for node, upstream in (("a", up), ("b", down)):
                host.register("go.micro.api.pair", upstream.address, node=node, nodes=[{
                    "id": node, "address": upstream.address,
                    "metadata": {"protocol": "mucp", "health_check": "tcp", "health_interval": "1s"}}])
            self.wait_for_service(host, "go.micro.api.pair", 2)
            harness.wait_for(lambda: down.requests or call(host, "pair") and None, 5, "a request at the second node")
            down.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            down.close()
            host.wait_for_log("failed its health check", 10)
            answers = [call(host, "pair") for _ in range(50)]
            self.assertEqual({(a.status, a.body) for a in answers}, {(200, b'{"from":"up"}')})
            self.assertIn("node b of go.micro.api.pair", "".join(warnings(host)))

    def test_a_health_check_that_makes_no_sense_is_one_warning_and_the_node_is_called(self):
        with gateway() as host, wire.Upstream() as upstream:
            host.register("go.micro.api.odd", upstream.address, nodes=[{
                "id": "go.micro.api.odd-1", "address": upstream.address,
                "metadata": {"protocol": "mucp", "health_check": "ping"}}])
            harness.wait_for(lambda: call(host, "odd").status == 200, 5, "the service")
            host.wait_for_log("ping")
            self.wait_for_good(host, upstream)
            self.assertEqual(len([w for w in warnings(host) if "is not checked" in w]), 1, host.stderr)

    # ---- SIGHUP

    def reload(self, host, config):
        before = len(host.stderr)
        host.write_config(config)
        host.signal(signal.SIGHUP)
        harness.wait_for(lambda: "reloaded" in host.stderr[before:], 5, "the reload")
        return host.stderr[before:]

    def test_a_changed_configuration_of_a_module_is_taken(self):
        with gateway() as host, wire.Upstream() as upstream:
            self.wait_for_good(host, upstream)
            config = json.loads(json.dumps(host.config))
            self.assertNotIn("restart", self.reload(host, config))
            config["modules"]["api"]["namespace"] = "go.other"
            self.assertNotIn("restart", self.reload(host, config))
            harness.wait_for(lambda: call(host, "good").status == 404, 5, "the new namespace")

    def test_what_a_reload_cannot_change_is_told(self):
        with gateway() as host:
            config = json.loads(json.dumps(host.config))
            config["host"].update(limits={"max_headers": 10}, drain_timeout="7s", log={"format": "json"})
            said = self.reload(host, config)
            self.assertIn("takes effect after a restart", said)
            self.assertIn('"changed":"host.log.format"', said)

    def test_a_configuration_that_is_wrong_changes_nothing_and_is_told(self):
        with gateway() as host, wire.Upstream() as upstream:
            self.wait_for_good(host, upstream)
            for text, word in (("{ nonsense", "config.json:1"), ('{"lod": []}', "lod"),
                               (json.dumps({**host.config, "modules": {"api": {"handler": "foo"}}}), "foo")):
                with self.subTest(text):
                    said = self.reload(host, text)
                    self.assertIn("the configuration in use stays", said)
                    self.assertIn(word, said)
                    self.assertEqual(call(host, "good").status, 200)


if __name__ == "__main__":
    unittest.main()
