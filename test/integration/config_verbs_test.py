# SPDX-License-Identifier: Apache-2.0
"""`config get`, `config check`, `version`, and --watch behind a command."""
import json
import signal
import unittest

import harness
import terminal_case
import tool

API = {"load": ["api.so"], "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}}, "modules": {"api": {"handler": "rpc"}}}


class Get(terminal_case.Case):
    def rows(self, host, *words):
        return {r["pointer"]: (r["value"], r["from"]) for r in json.loads(self.terminal(host, "config", "get", *words, "--output", "json"))}

    def test_each_value_says_where_it_came_from(self):
        with harness.Microhost(API, "--loops", "1", env={"MICRO_API_NAMESPACE": "go.acme"}) as host:
            rows = self.rows(host)
            self.assertEqual(rows["/host/loops"], (1, "flag --loops"))
            self.assertEqual(rows["/modules/api/namespace"], ("go.acme", "env MICRO_API_NAMESPACE"))
            self.assertEqual(rows["/load"][0], ["api.so"])
            value, origin = rows["/modules/api/handler"]
            line = (host.folder / "config.json").read_text().splitlines().index('   "handler": "rpc"') + 1
            self.assertEqual((value, origin), ("rpc", f"{host.folder}/config.json:{line}"))
            self.assertEqual(rows["/host/drain_timeout"][1], "default")
            part = self.rows(host, "/modules/api")
            self.assertEqual(part, {k: v for k, v in rows.items() if k.startswith("/modules/api/")})
            self.assertEqual(self.terminal(host, "config", "get", "host/loops", "--output", "raw"), "/host/loops\t1\tflag --loops\n")
            self.assertRegex(self.terminal(host, "config", "get", "host/loops"), r"^POINTER +VALUE +FROM\n/host/loops +1 +flag --loops\n$")

    def test_it_is_what_is_in_use(self):
        with harness.Microhost(API) as host:
            self.assertEqual(self.rows(host, "/modules/api/handler")["/modules/api/handler"][0], "rpc")
            host.write_config({**API, "modules": {"api": {"handler": "proxy"}}})
            self.assertEqual(self.rows(host, "/modules/api/handler")["/modules/api/handler"][0], "rpc", "not yet")
            host.signal(signal.SIGHUP)
            harness.wait_for(lambda: self.rows(host, "/modules/api/handler")["/modules/api/handler"][0] == "proxy", 10, "the reload")

    def test_secrets_are_not_shown(self):
        secret = "k3y-that-nobody-may-see"
        config = {**API, "host": {"registry_wait": "100ms"}, "load": ["api.so", "registry-etcd.so"],
                  "modules": {"registry-etcd": {"addresses": "127.0.0.1:1", "username": "anna", "password": secret}, **API["modules"]}}
        with harness.Microhost(config) as host:
            for output in ("table", "json", "raw"):
                text = self.terminal(host, "config", "get", "--output", output)
                self.assertNotIn(secret, text)
            self.assertIn("***", self.terminal(host, "config", "get", "/modules/registry-etcd/password"))

    def test_what_there_is_not(self):
        with harness.Microhost(API) as host:
            self.fails(host, "config", "get", "/host/lops", says=['the configuration has no "/host/lops"; did you mean "loops"?'])
            self.fails(host, "config", status=2, says=['"config" needs a word more: check, get'])
            self.fails(host, "config", "gt", status=2, says=["check, get"])


class Check(tool.Case):
    def write(self, text):
        path = self.folder / "mh.json"
        path.write_text(text if isinstance(text, str) else json.dumps(text, indent=1))
        return path

    def test_a_good_one(self):
        path = self.write(API)
        self.assertEqual(self.run_verb("config", "check", path), f"{path}: ok\n")
        self.assertEqual(json.loads(self.run_verb("config", "check", path, "--json")), {"file": str(path), "good": True, "faults": []})
        self.assertFalse((self.folder / "runtime").exists(), "nothing is started")

    def test_each_fault_is_a_line_with_its_place(self):
        path = self.write('{\n "load": ["api.so"],\n "modules": {"api": {\n  "handlr": "rpc",\n  "namespace": 7\n }},\n'
                          ' "listeners": {"edge": {\n  "module": "apii"\n }}\n}\n')
        self.assertEqual(self.run_verb("config", "check", path, status=1), "")
        lines = self.stderr.splitlines()
        self.assertEqual([line.split(": ")[0] for line in lines if line.startswith(str(path))], [line.split(": ")[0] for line in lines])
        for place, word in ((":4", "handlr"), (":5", "namespace"), (":8", "apii")):
            self.assertTrue(any(line.startswith(f"{path}{place}: ") and word in line for line in lines), (place, word, lines))
        told = json.loads(self.run_verb("config", "check", path, "--json", status=1))
        self.assertEqual((told["good"], told["faults"]), (False, lines))

    def test_what_is_no_json_and_what_cannot_be_loaded(self):
        path = self.write('{\n "load": [}\n')
        self.run_verb("config", "check", path, status=1)
        self.assertRegex(self.stderr, rf"^{path}:2:\d+: .*\n$")
        path = self.write({"load": ["no-such-module"]})
        self.run_verb("config", "check", path, status=1)
        self.assertRegex(self.stderr, rf"^{path}:2: .*no-such-module.*\n$")
        self.run_verb("config", "check", self.folder / "absent.json", status=1)
        self.assertIn("absent.json", self.stderr)

    def test_flags_and_environment_count_as_when_serving(self):
        path = self.write(API)
        self.run_verb("config", "check", path, env={"MICRO_API_HANDLER": "nonsense"}, status=1)
        self.assertRegex(self.stderr, r"^MICRO_API_HANDLER: .*nonsense.*\n$")
        self.run_verb("--api_handler", "nonsense", "config", "check", path, status=1)
        self.assertRegex(self.stderr, r"^--api_handler: .*nonsense.*\n$")

    def test_wrong_words(self):
        self.refuses_verb("config", "check", words=["FILE"])
        self.refuses_verb("config", words=["check, get"])
        self.assertIn("usage: microhost config check FILE", self.run_verb("config", "check", "--help"))


class Version(tool.Case):
    def test_it_is_that_of_the_flag(self):
        text = self.run_verb("--version")
        self.assertEqual(self.run_verb("version"), text)
        told = json.loads(self.run_verb("version", "--output", "json"))
        self.assertEqual((f"microhost {told['version']}\n", told["abi_epoch"]), (text, 1))
        self.refuses_verb("version", "--output", "xml", words=["none of table, json, raw"])


class Watch(terminal_case.Case):
    def test_a_pipe_gets_what_is_new_behind_an_empty_line(self):
        with harness.Microhost(API) as host, terminal_case.Going(host, "list", "services", "--watch", "100ms") as watch:
            watch.wait_for_err("no services")
            host.register("go.micro.srv.one", "127.0.0.1:9")
            watch.wait_for_out(lambda lines: lines == ["", "go.micro.srv.one"], "the first")
            host.register("go.micro.srv.two", "127.0.0.1:9")
            watch.wait_for_out(lambda lines: lines[2:] == ["", "go.micro.srv.one", "go.micro.srv.two"], "the second")
            self.assertEqual(watch.interrupt(), 130)
            self.assertEqual(len(watch.out), 5, "what is as it was is not said again")
            self.assertEqual(len(watch.err), 1, watch.err)

    def test_a_terminal_is_drawn_in_place_with_colours(self):
        with harness.Microhost(API) as host:
            host.register("go.micro.srv.one", "127.0.0.1:9")
            with terminal_case.Screen(host, "list", "services", "--output", "table", "--watch=100ms") as watch:
                watch.wait_for(lambda text: text.count("\033[H") >= 3, "three frames")
                self.assertEqual(watch.interrupt(), 130)
            for frame in watch.text.split("\033[H")[1:4]:
                self.assertTrue(frame.startswith("\033[1mNAME"), frame)
                self.assertTrue(frame.rstrip("\r\n").endswith("\033[J") or "\033[J" in frame, frame)
            with terminal_case.Screen(host, "list", "services", "--output", "table", "--watch=100ms", env={"NO_COLOR": "1"}) as plain:
                plain.wait_for(lambda text: text.count("\033[H") >= 2, "two frames")
                plain.interrupt()
            self.assertNotIn("\033[1m", plain.text)

    def test_commands_of_an_instance_are_watched_too(self):
        with harness.Microhost(API) as host, terminal_case.Going(host, "modules", "list", "--output", "raw", "--watch=100ms") as watch:
            watch.wait_for_out(lambda lines: any(line.startswith("api\t") for line in lines), "the list")
            self.assertEqual(watch.interrupt(signal.SIGTERM), 143)

    def test_what_is_wrongly_asked_is_said_once(self):
        with harness.Microhost(API) as host:
            self.fails(host, "list", "services", "--watch=soon", status=2, says=["--watch: "])
            self.fails(host, "logs", "-f", "--watch", status=2, says=["goes on by itself"])
            self.fails(host, "list", "servces", "--watch=100ms", status=2, says=["did you mean"])

    def test_a_failure_may_pass(self):
        with harness.Microhost(API) as host, terminal_case.Going(host, "get", "service", "go.micro.srv.late", "--watch=100ms") as watch:
            watch.wait_for_err("service not found")
            host.register("go.micro.srv.late", "127.0.0.1:9")
            watch.wait_for_out(lambda lines: any("go.micro.srv.late" in line for line in lines), "the service")
            watch.interrupt()


if __name__ == "__main__":
    unittest.main()
