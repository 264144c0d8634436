# SPDX-License-Identifier: Apache-2.0
"""Modules are loaded, replaced and removed while requests come: by command, by SIGHUP, by a file in the plugin directory."""
import json
import os
import shutil
import signal
import subprocess
import threading
import unittest
from pathlib import Path

import forwarder
import harness
import plugins
import wire

KEY = [("X-Key", "right")]


class Gateway(harness.Microhost):
    """forward.so to an upstream, with a plugin directory of its own."""

    def __init__(self, upstream, *load, **config):
        super().__init__(None, ready=True)
        self.plugins = self.folder / "plugins"
        self.plugins.mkdir()
        self.config = {
            "load": ["forward.so", *load],
            "listeners": {"edge": {"module": "forward", "address": "127.0.0.1:0", **config.pop("edge", {})}},
            "modules": {"forward": {"upstream": f"127.0.0.1:{upstream.port}"}, **config.pop("modules", {})},
            "host": {"loops": 2, "plugin_dir": str(self.plugins), **config.pop("host", {})},
            **config,
        }

    def drop(self, name, **defines):
        return plugins.build(self.plugins / f"{name}.so", id=name, **defines)

    def command(self, *words):
        """`modules WORDS` of this instance. Returns (exit status, stdout, stderr)."""
        done = subprocess.run([harness.PROGRAM, "--runtime_dir", str(self.runtime), "modules", *words],
                              env=harness.clean_environment(self.folder), capture_output=True, text=True, timeout=60 * harness.SLOW)
        return done.returncode, done.stdout, done.stderr

    def seen(self, name="gate", headers=KEY):
        """Which version of that plugin a request passes now, or None."""
        return self.get("/", headers).get(f"X-{name}")

    def wait_for(self, version, name="gate", headers=KEY):
        harness.wait_for(lambda: self.seen(name, headers) == version, 10, f"version {version} of {name}")

    def readiness(self):
        return self.ask_control("GET", "/readyz").status

    def generations(self, id):
        listed = self.ask_control("GET", "/v1/modules").json()
        return [(m["generation"], m["stage"]) for m in listed if m["id"] == id]


class Load(threading.Thread):
    """Requests one after the other on a kept connection, until it is stopped; what came is kept."""

    def __init__(self, host, name="gate", target="/"):
        super().__init__()
        self.host, self.name_, self.target = host, name, target
        self.ending, self.versions, self.problem = threading.Event(), [], None
        self.start()

    def run(self):
        try:
            with wire.Client(self.host.port()) as client:
                while not self.ending.is_set():
                    answer = client.request("GET", self.target, KEY)
                    if answer.status != 200:
                        raise AssertionError(f"status {answer.status}: {answer.body!r}")
                    self.versions.append(int(answer.get(f"X-{self.name_}") or 0))
        except Exception as problem:
            self.problem = problem

    def stop(self):
        self.ending.set()
        self.join(30)
        if self.problem:
            raise self.problem
        return self.versions


class Case(forwarder.Case):
    def setUp(self):
        self.upstream = self.enterContext(wire.Upstream(wire.answer(b"hello"), record=False))


class Commands(Case):
    def test_a_module_is_replaced_while_requests_come(self):
        with Gateway(self.upstream) as host:
            path = plugins.build(host.folder / "gate.so", version=1)
            status, out, err = host.command("load", path)
            self.assertEqual((status, err), (0, ""), out)
            self.assertEqual(host.get("/").status, 401)
            loads = [Load(host) for _ in range(3)]
            for version in range(2, 12):
                plugins.build(path, version=version)
                status, out, err = host.command("reload", "gate")
                self.assertEqual((status, err), (0, ""), out)
                self.assertIn(f"generation {version}", out)
                self.assertEqual(host.seen(), str(version))
            for load in loads:
                versions = load.stop()
                self.assertEqual(versions, sorted(versions))  # never an older one behind a newer one
                self.assertGreater(versions[-1], versions[0])
            harness.wait_for(lambda: len(host.generations("gate")) == 1, 10, "the end of the old generations")
            self.assertEqual(host.generations("gate"), [(11, "serving")])

    def test_an_old_generation_goes_on_until_its_requests_end(self):
        def slow(request, sock):
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
            self.assertTrue(go_on.wait(30))
            return b"cd"

        go_on = threading.Event()
        with wire.Upstream(slow) as upstream, Gateway(upstream) as host:
            path = plugins.build(host.folder / "gate.so", version=1)
            host.command("load", path)
            with wire.Client(host.port()) as client:
                client.send(wire.request_bytes("GET", "/", KEY))
                head = wire.Reader(client.sock).until(b"ab")
                self.assertIn(b"X-gate: 1", head)
                plugins.build(path, version=2)
                self.assertEqual(host.command("reload", "gate")[0], 0)
                self.assertEqual(host.generations("gate"), [(2, "serving"), (1, "draining")])
                go_on.set()
                self.assertEqual(client.sock.recv(10), b"cd")
            harness.wait_for(lambda: host.generations("gate") == [(2, "serving")], 10, "the end of the first generation")

    def test_what_cannot_be_loaded_changes_nothing_and_says_why(self):
        broken = {"fails_create": "it does not want to", "crashes_create": "in its create()", "fails_instance": "no instance of this",
                  "fails_shard": "no shard of this"}
        with Gateway(self.upstream) as host:
            path = plugins.build(host.folder / "gate.so", version=1)
            host.command("load", path)
            for how, word in broken.items():
                with self.subTest(how):
                    plugins.build(path, version=2, **{how: True})
                    status, out, err = host.command("reload", "gate")
                    self.assertEqual((status, out), (1, ""))
                    self.assertEqual(len(err.splitlines()), 1, err)
                    self.assertIn(word, err)
                    self.assertEqual((host.seen(), host.readiness()), ("1", 200))
                    self.assertEqual(host.generations("gate"), [(1, "serving")])
            Path(path).write_bytes(b"\x7fELF nonsense")
            self.assertEqual(host.command("reload", "gate")[0], 1)
            self.assertEqual(host.seen(), "1")

    def test_what_a_filter_must_have_may_stand_in_its_instance_only(self):
        own = {"gate": {"use": "gate", "config": {"key": "x"}}}
        for way in ("load", "drop"):
            with self.subTest(way):
                host = Gateway(self.upstream, filters=own)
                path = (host.folder if way == "load" else host.plugins) / "gate.so"
                plugins.build(path, version=1, needs_key=True)
                if way == "load":
                    host.config["load"].append(str(path))
                with host:
                    self.assertEqual((host.get("/").status, host.seen()), (401, "1"))
                    plugins.build(path, version=2, needs_key=True)
                    if way == "load":
                        self.assertEqual(host.command("reload", "gate")[::2], (0, ""))
                    host.wait_for("2")

    def test_a_module_is_unloaded_unless_it_guards_requests(self):
        with Gateway(self.upstream) as host:
            host.command("load", plugins.build(host.folder / "gate.so", version=1))
            host.command("load", plugins.build(host.folder / "mark.so", id="mark", version=1, phase="transform", open_door=True))
            self.assertEqual((host.seen(), host.seen("mark")), ("1", "1"))
            status, _, err = host.command("unload", "gate")
            self.assertEqual(status, 1)
            self.assertIn("guards requests", err)
            self.assertEqual(host.command("unload", "mark")[0], 0)
            self.assertEqual((host.seen(), host.seen("mark")), ("1", None))
            harness.wait_for(lambda: not host.generations("mark"), 10, "the end of mark")

    def test_the_gateway_s_own_module_is_replaced_and_its_listener_stays(self):
        with Gateway(self.upstream) as host, wire.Client(host.port()) as client:
            for generation in (2, 3):
                status, _, err = host.command("reload", "forward")
                self.assertEqual((status, err), (0, ""))
                self.assertEqual(client.request("GET", "/").body, b"hello")  # on the same connection
                self.assertEqual(host.generations("forward")[0], (generation, "serving"))

    def test_files_and_memory_do_not_grow(self):
        with Gateway(self.upstream, host={"loops": 1}) as host:  # each loop keeps connections of its own to the upstream
            path = plugins.build(host.folder / "gate.so", version=1)
            host.command("load", path)

            def swap():
                self.assertEqual(host.command("reload", "gate")[0], 0)
                harness.wait_for(lambda: len(host.generations("gate")) == 1, 10, "the end of the old generation")
                host.seen()

            for _ in range(5):
                swap()
            maps = lambda: Path(f"/proc/{host.pid}/maps").read_text().count("gate.so")
            files, mapped = host.open_files(), maps()
            for _ in range(10):
                swap()
            harness.wait_for(lambda: host.open_files() <= files, 10, "as few open files as before")
            self.assertEqual(maps(), mapped)


class Configuration(Case):
    def test_sighup_changes_filters_listeners_and_modules_without_closing_a_connection(self):
        with Gateway(self.upstream) as host, wire.Client(host.port("edge")) as client:
            self.assertEqual(client.request("GET", "/").status, 200)
            gate = plugins.build(host.folder / "gate.so", version=1)
            config = json.loads(json.dumps(host.config))
            config["load"].append(gate)
            config["filters"] = {"front": {"use": "gate", "match": {"path_prefix": "/in"}}}
            config["listeners"]["second"] = {"module": "forward", "address": "127.0.0.1:0", "filters": []}
            host.write_config(config)
            host.signal(signal.SIGHUP)
            harness.wait_for(lambda: client.request("GET", "/in").status == 401, 10, "the filter")
            self.assertEqual(client.request("GET", "/out").status, 200)
            harness.wait_for(lambda: "second" in (host._listeners() or {}).get("listeners", {}), 10, "the second listener")
            host.ready = host._listeners()
            port = host.port("second")
            with wire.Client(port) as other:
                self.assertEqual(other.request("GET", "/in").status, 200)
            del config["listeners"]["second"], config["filters"]
            config["load"].remove(gate)
            host.write_config(config)
            host.signal(signal.SIGHUP)
            harness.wait_for(lambda: client.request("GET", "/in").status == 200, 10, "the end of the filter")
            harness.wait_for(lambda: self.refused(port), 10, "the end of the listener")

    def refused(self, port):
        try:
            wire.connect(port).close()
            return False
        except ConnectionRefusedError:
            return True

    def test_a_configuration_that_cannot_be_had_changes_nothing(self):
        with Gateway(self.upstream) as host:
            config = json.loads(json.dumps(host.config))
            config["load"].append("absent.so")
            host.write_config(config)
            host.signal(signal.SIGHUP)
            host.wait_for_log("the configuration in use stays")
            host.wait_for_log("reloaded certificates and log files")
            self.assertNotIn("reloaded configuration", host.stderr)
            self.assertEqual((host.get("/").status, host.readiness()), (200, 200))
            # Nor is it in the way of what comes later.
            host.drop("mark", version=1, phase="transform", open_door=True)
            host.wait_for("1", "mark")
            self.assertEqual(host.command("unload", "mark")[::2], (0, ""))


class Directory(Case):
    def test_a_file_is_loaded_replaced_and_removed_as_it_comes_and_goes(self):
        with Gateway(self.upstream) as host:
            host.drop("mark", version=1, phase="transform", open_door=True)
            host.wait_for("1", "mark")
            load = Load(host, "mark")
            host.drop("mark", version=2, phase="transform", open_door=True)
            host.wait_for("2", "mark")
            self.assertEqual(load.stop(), sorted(load.versions))
            (host.plugins / "mark.so").unlink()
            host.wait_for(None, "mark")
            self.assertEqual(host.readiness(), 200)

    def test_what_lies_there_at_the_start_is_loaded(self):
        host = Gateway(self.upstream)
        host.drop("gate", version=1)
        host.drop("mark", version=1, phase="transform", open_door=True)
        with host:
            self.assertEqual((host.get("/").status, host.seen(), host.seen("mark")), (401, "1", "1"))

    def test_every_way_to_put_a_file_there_ends_with_its_last_bytes(self):
        with Gateway(self.upstream) as host:
            there = host.plugins / "mark.so"

            def made(version):
                return plugins.build(host.folder / f"made-{version}.so", id="mark", version=version, phase="transform", open_door=True)

            def slowly(path):
                content = Path(path).read_bytes()
                with open(there, "wb") as out:
                    for i in range(0, len(content), 2000):
                        out.write(content[i:i + 2000])
                        out.flush()
                        os.fsync(out.fileno())

            def often(path):
                for _ in range(300):
                    shutil.copy(path, host.plugins / "mark.so.tmp")
                    (host.plugins / "mark.so.tmp").replace(there)

            ways = [
                lambda path: os.rename(path, there),
                lambda path: subprocess.run(["cp", path, there], check=True),
                lambda path: subprocess.run(["install", "-m", "644", path, there], check=True),
                slowly,
                lambda path: subprocess.run(["ln", "-sf", path, there], check=True),
                lambda path: subprocess.run(["ln", "-f", path, there], check=True),
                often,
            ]
            for version, way in enumerate(ways, 1):
                way(made(version))
                host.wait_for(str(version), "mark")
            harness.wait_for(lambda: len(host.generations("mark")) == 1, 10, "the end of old generations")
            self.assertEqual(host.generations("mark"), [(len(ways), "serving")])  # each exactly once
            self.assertNotIn("refused", host.stderr)

    def test_a_broken_file_is_one_line_and_nothing_else_changes(self):
        with Gateway(self.upstream) as host:
            host.drop("gate", version=1)
            host.wait_for("1")
            for number, how in enumerate(("fails_create", "crashes_create", "fails_shard", "fails_instance"), 1):
                with self.subTest(how):
                    host.drop("gate", version=2, **{how: True})
                    harness.wait_for(lambda: host.stderr.count("a plugin is refused") == number, 20, "a line")
                    self.assertEqual((host.get("/").status, host.seen(), host.readiness()), (401, "1", 200))
            host.drop("gate", version=3)
            host.wait_for("3")

    def test_deleting_the_file_of_an_access_filter_lets_nobody_in(self):
        with Gateway(self.upstream) as host:
            path = host.drop("gate", version=1)
            host.wait_for("1")
            os.unlink(path)
            host.wait_for_log("the file of an access filter is gone")
            self.assertEqual((host.get("/").status, host.seen()), (401, "1"))
            config = json.loads(json.dumps(host.config))
            config["listeners"]["edge"]["filters"] = []
            host.write_config(config)
            host.signal(signal.SIGHUP)
            harness.wait_for(lambda: not host.generations("gate"), 10, "the end of the filter")
            self.assertEqual(host.get("/").status, 200)

    def test_a_file_that_was_deleted_or_broken_is_missed_by_the_next_start(self):
        for how in ("deleted", "broken"):
            with self.subTest(how):
                host = Gateway(self.upstream)
                path = Path(host.drop("gate", version=1))
                good = path.read_bytes()
                host.start()
                try:
                    self.assertEqual((host.get("/").status, host.seen()), (401, "1"))
                    path.unlink() if how == "deleted" else path.write_text("no module")
                    self.again(host)
                    self.assertEqual((host.get("/", KEY).status, host.readiness()), (503, 503))
                    host.wait_for_log("it guarded requests; put it back")
                    path.with_suffix(".new").write_bytes(good)
                    path.with_suffix(".new").rename(path)
                    harness.wait_for(lambda: host.get("/", KEY).status == 200, 10, "the filter")
                    self.assertEqual((host.get("/").status, host.readiness()), (401, 200))
                    # Taken out of the listeners, it need not be missed any more.
                    host.config["listeners"]["edge"]["filters"] = []
                    host.write_config(host.config)
                    host.signal(signal.SIGHUP)
                    harness.wait_for(lambda: host.get("/").status == 200, 10, "the end of the filter")
                    path.unlink()
                    harness.wait_for(lambda: not host.generations("gate"), 10, "the end of the module")
                    del host.config["listeners"]["edge"]["filters"]
                    self.again(host)
                    self.assertEqual((host.get("/").status, host.readiness()), (200, 200))
                finally:
                    host.stop()
                    host._clean()

    def again(self, host):
        host.stop()
        host.start()

    def test_a_module_that_was_named_wins_over_a_dropped_one(self):
        host = Gateway(self.upstream)
        named = plugins.build(host.folder / "gate.so", version=7)
        host.config["load"].append(named)
        host.drop("gate", version=1)
        with host:
            self.assertEqual(host.seen(), "7")


if __name__ == "__main__":
    unittest.main()
