# SPDX-License-Identifier: Apache-2.0
"""Commands: one table for the terminal and the control socket, with typed arguments, roles, streaming and cancelling."""
import contextlib
import json
import os
import pty
import signal
import subprocess
import unittest

import fixtures
import harness
import wire


def lines(answer):
    return [json.loads(line) for line in answer.text.splitlines()]


def rows(answer):
    return [line["row"] for line in lines(answer) if "row" in line]


class Commands(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.enterClassContext(fixtures.serve("commands"))

    @classmethod
    def enterClassContext(cls, context):  # Python 3.11 has it, but not everywhere
        cls.addClassCleanup(context.__exit__, None, None, None)
        return context.__enter__()

    def post(self, command, body=None, **args):
        content = body if body is not None else json.dumps({"args": args})
        return self.host.ask_control("POST", f"/v1/commands/{command}", content)

    def refused(self, status, answer, *words):
        self.assertEqual(answer.status, status, answer.text)
        error = json.loads(answer.body)
        self.assertEqual(error["code"], status)
        for word in words:
            self.assertIn(word, error["detail"])

    def terminal(self, *words, **options):
        """microhost WORDS in the environment of the host."""
        env = harness.clean_environment(self.host.folder, options.pop("env", None))
        return subprocess.run([str(harness.PROGRAM), *words], env=env, capture_output=True, text=True,
                              timeout=20 * harness.SLOW, cwd=self.host.folder, **options)

    def state(self):
        return json.loads(self.host.get("/").body)


class OverTheSocket(Commands):
    def test_the_table_says_what_there_is_and_what_each_takes(self):
        answer = self.host.ask_control("GET", "/v1/commands")
        self.assertEqual((answer.status, answer["Content-Type"]), (200, "application/json"))
        table = {c["name"]: c for c in json.loads(answer.body)}
        self.assertEqual(sorted(table), [c["name"] for c in json.loads(answer.body)])
        reload = table["modules reload"]
        self.assertEqual((reload["module"], reload["role"], reload["allowed"]), ("", "operator", True))
        self.assertEqual(reload["args"], [{"name": "id", "type": "text", "summary": "id of a module",
                                           "choices": "@module", "required": True, "positional": True}])
        self.assertEqual(table["test shapes"]["module"], "commands")
        self.assertEqual([a["type"] for a in table["test shapes"]["args"]],
                         ["text", "integer", "number", "bool", "duration", "size", "json", "text", "text"])
        self.assertNotIn("test chat", table, "it is not for a terminal")

    def test_arguments_arrive_as_what_they_are(self):
        answer = self.post("test/shapes", name="a b", count=-7, ratio=0.5, loud=True, wait="1m30s", room="4KiB",
                           extra={"x": [1]}, tags=["one", "two"])
        self.assertEqual((answer.status, answer["Content-Type"]), (200, "application/x-ndjson"), answer.text)
        self.assertEqual(lines(answer)[0], {"columns": ["argument", "text", "number"]})
        self.assertEqual(rows(answer), [
            ["name", "a b", None], ["count", "-7", -7], ["ratio", "0.5", None], ["loud", "true", 1],
            ["wait", "1m30s", 90000], ["room", "4KiB", 4096], ["extra", '{"x":[1]}', None],
            ["tags", "one", None], ["tags", "two", None]])
        self.assertEqual(lines(answer)[-1], {"end": {"exit": 0}})

    def test_defaults_are_filled_in(self):
        self.assertIn(["count", "1", 1], rows(self.post("test/shapes", name="x")))

    def test_a_wrong_argument_is_400_with_a_line_that_helps(self):
        self.refused(400, self.post("test/shapes"), "needs name (who it is about)", "usage: test shapes NAME")
        self.refused(400, self.post("test/shapes", name="x", count="many"), 'count: "many" is no whole number')
        self.refused(400, self.post("test/shapes", name="x", wait="soon"), "wait:", "no duration")
        self.refused(400, self.post("test/shapes", name="x", colour="gren"), "none of red|green|blue", 'mean "green"')
        self.refused(400, self.post("test/shapes", name="x", cuont=2), 'no argument "cuont"; did you mean "count"?')
        self.refused(400, self.post("test/shapes", name=["x", "y"]), "takes name once")
        self.refused(400, self.post("test/shapes", body="{"), "the body is not JSON")
        self.refused(400, self.post("test/shapes", body='{"args": 3}'), "args must be an object")

    def test_an_unknown_command_is_404_and_says_what_is_near(self):
        self.refused(404, self.post("modules/relaod"), 'no command "modules relaod"; did you mean "modules reload"?')
        self.refused(404, self.post("modules"), '"modules" needs a word more: get, list, load, release, reload, unload')
        self.refused(404, self.post("test/slow/now"), "arguments belong into the body")
        self.refused(404, self.post("test/chat"), "no command")

    def test_wrong_methods_are_405(self):
        answer = self.host.ask_control("GET", "/v1/commands/modules/list")
        self.assertEqual((answer.status, answer["Allow"]), (405, "POST"))
        answer = self.host.ask_control("POST", "/v1/commands", "{}")
        self.assertEqual((answer.status, answer["Allow"]), (405, "GET, HEAD"))

    def test_a_failure_is_a_line_and_an_exit_code(self):
        self.assertEqual(lines(self.post("test/fail")), [{"error": "the disk is on fire"}, {"end": {"exit": 1}}])
        self.assertEqual(lines(self.post("test/seven")), [{"error": "not today"}, {"end": {"exit": 7}}])

    def test_output_goes_out_as_it_comes(self):
        with wire.Client(self.host.control) as client:
            client.send(wire.request_bytes("POST", "/v1/commands/test/slow"))
            received = client.sock.recv(65536)
            while b"begun" not in received:
                received += client.sock.recv(65536)
            self.assertNotIn(b"end", received.split(b"begun")[1])
            while b'{"end"' not in received:
                received += client.sock.recv(65536)

    def test_many_rows_to_a_slow_reader_arrive_whole(self):
        with wire.Client(self.host.control) as client:
            client.send(wire.request_bytes("POST", "/v1/commands/test/count", (), '{"args": {"last": 200000}}'))
            harness.wait_for(lambda: json.loads(self.host.get("/").body), 10, "the host answers meanwhile")
            answer = client.response("POST")
        self.assertEqual([r[0] for r in rows(answer)], list(range(1, 200001)))
        self.assertGreater(self.state()["writable"], 0, "it had to wait for the reader")

    def test_closing_the_connection_cancels(self):
        before = self.state()["cancelled"]
        with wire.Client(self.host.control) as client:
            client.send(wire.request_bytes("POST", "/v1/commands/test/hang"))
            received = b""
            while b"waiting" not in received:
                received += client.sock.recv(65536)
        harness.wait_for(lambda: self.state()["cancelled"] == before + 1, 10, "on_cancel")

    def test_who_changes_something_is_in_the_log(self):
        self.post("modules/unload", id="no-such-module")
        self.host.wait_for_log('"command":"modules unload","args":"id=no-such-module","by":"uid:%d"' % os.geteuid())
        self.post("modules/get", id="no-other-module")
        self.assertNotIn("no-other-module", self.host.stderr, "a look changes nothing")

    def test_a_worker_whose_reader_has_left_finds_out(self):
        before = self.state()["gone"]
        with wire.Client(self.host.control) as client:
            client.send(wire.request_bytes("POST", "/v1/commands/test/grind"))
            received = b""
            while b'"text"' not in received:  # before that it need not have begun, and then it never does
                received += client.sock.recv(65536)
        harness.wait_for(lambda: self.state()["gone"] == before + 1, 10, "MH_E_GONE on the worker")

    def test_a_deadline_ends_it(self):
        before = self.state()
        answer = self.post("test/hang", body='{"timeout_ms": 50}')
        self.assertEqual(lines(answer), [{"text": "waiting\n"}, {"error": '"test hang" did not end within 50 ms'},
                                         {"end": {"exit": 124}}])
        self.assertEqual(self.state()["timed_out"], before["timed_out"] + 1)

    def test_modules_are_listed_with_what_they_cost(self):
        self.host.get("/")
        answer = self.post("modules/list")
        columns = lines(answer)[0]["columns"]
        self.assertEqual(columns, ["id", "version", "generation", "state", "requests", "calls", "cpu_ms", "file"])
        (row,) = rows(answer)
        shown = dict(zip(columns, row))
        self.assertEqual((shown["id"], shown["version"], shown["generation"], shown["state"]),
                         ("commands", "1.0.0", 1, "running"))
        self.assertGreater(shown["calls"], 0)
        self.assertTrue(shown["file"].endswith("/commands.so"))
        (got, _) = lines(self.post("modules/get", id="commands"))
        self.assertEqual(got["json"]["manifest"]["summary"], "Commands for tests")
        self.assertEqual(lines(self.post("modules/get", id="comands"))[0]["error"],
                         'there is no module "comands"; did you mean "commands"?; "modules list" shows all')


class OfModules(Commands):
    """A module that runs commands itself: on a request loop, as nobody."""

    def run_line(self, line):
        return self.host.get("/run?" + line.replace(" ", "+"))

    def test_a_module_runs_a_command_of_its_own_line(self):
        answer = self.run_line("test count 2")
        self.assertEqual((answer.status, answer.text), (200, "n;1;2;end 0 0 "))
        self.assertEqual(self.run_line("test seven").text, "end -15 7 not today")

    def test_nobody_may_run_what_needs_a_role(self):
        answer = self.run_line("modules list")
        self.assertEqual((answer.status, answer.text),
                         (403, '"modules list" needs the role viewer; nobody is authenticated'))
        self.assertEqual(self.run_line("test cuont").text, 'there is no command "test cuont"; did you mean "test count"?')
        self.assertEqual(self.run_line("test count x").status, 400)

    def test_nobody_sees_only_what_nobody_may_run(self):
        names = [line.rsplit(" ", 1)[0] for line in self.host.get("/commands").text.splitlines()]
        self.assertIn("test count", names)
        self.assertNotIn("test hang", names)
        self.assertNotIn("modules list", names)

    def test_words_are_completed(self):
        def complete(line):
            text = lines(self.post("test/table", line=line))[0]["text"]
            self.assertTrue(text.startswith("commands running\n") and text.endswith("=\n"), text)
            return [c.split("=")[0] for c in text.splitlines()[1:-1]]
        self.assertEqual(complete("modules rel"), ["release", "reload"])
        self.assertEqual(complete("mod"), ["modules"])
        self.assertEqual(complete("modules reload "), ["commands"])
        self.assertEqual(complete("test shapes x --co"), ["--colour", "--count"])
        self.assertEqual(complete("test shapes x --colour g"), ["green"])
        self.assertEqual(complete("test shapes go"), ["gopher"])


class Terminal(Commands):
    def test_a_table_with_aligned_columns(self):
        done = self.terminal("modules", "list")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        header, row = done.stdout.splitlines()
        self.assertEqual(header.split()[:4], ["ID", "VERSION", "GENERATION", "STATE"])
        self.assertEqual(header.index("VERSION"), row.index("1.0.0"))
        self.assertNotIn("\033", done.stdout)

    def test_json_and_raw_for_scripts(self):
        done = self.terminal("test", "count", "--output", "json")
        self.assertEqual(json.loads(done.stdout), [{"n": 1}, {"n": 2}, {"n": 3}])
        self.assertEqual(json.loads(self.terminal("test", "count", "0", "--output=json").stdout), [])
        self.assertEqual(self.terminal("test", "count", "--output", "raw").stdout, "1\n2\n3\n")
        self.assertEqual(json.loads(self.terminal("modules", "get", "commands", "--output", "json").stdout)["id"],
                         "commands")

    def test_words_become_arguments(self):
        done = self.terminal("test", "shapes", "--output", "raw", "a b", "--loud", "--room=1k", "--extra", '{"x": 1}', "one",
                             "--", "--two")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line.split("\t") for line in done.stdout.splitlines()],
                         [["name", "a b", "-"], ["count", "1", "1"], ["loud", "true", "1"], ["room", "1k", "1024"],
                          ["extra", '{"x":1}', "-"], ["tags", "one", "-"], ["tags", "--two", "-"]])

    def test_what_is_wrong_is_one_line_on_stderr(self):
        for words, status, text in (
            (("modules", "relaod"), 2, 'there is no command "modules relaod"; did you mean "modules reload"?'),
            (("modules",), 2, '"modules" needs a word more: get, list, load, release, reload, unload'),
            (("modulse", "list"), 2, 'there is no command "modulse list"; did you mean "modules list"?'),
            (("modules", "get"), 2, '"modules get" needs id (id of a module); usage: modules get ID'),
            (("modules", "get", "x", "y"), 2, '"modules get" takes no further "y"; usage: modules get ID'),
            (("modules", "list", "--otuput", "json"), 2, '"modules list" has no flag --otuput'),
            (("modules", "list", "--output", "xml"), 2, '--output: "xml" is none of table, json, raw'),
            (("test", "seven"), 7, "not today"),
            (("test", "hang", "--timeout", "50ms"), 124, '"test hang" did not end within 50 ms'),
            (("modules", "list", "--instance", "other"), 1, 'no instance "other" is running; there are: '),
        ):
            with self.subTest(words):
                done = self.terminal(*words)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertTrue(done.stderr.startswith("microhost: " + text), done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_help_of_a_command(self):
        done = self.terminal("modules", "reload", "--help")
        self.assertEqual(done.returncode, 0)
        for text in ("Usage: microhost modules reload ID", "Needs the role operator"):
            self.assertIn(text, done.stdout)

    def test_interrupting_cancels(self):
        before = self.state()["cancelled"]
        env = harness.clean_environment(self.host.folder)
        with harness.Process([str(harness.PROGRAM), "test", "hang"], env=env, stdout=subprocess.PIPE) as client:
            self.assertEqual(client.stdout.readline(), b"waiting\n")
            client.send_signal(signal.SIGINT)
            self.assertEqual(client.wait(10), -signal.SIGINT)
        harness.wait_for(lambda: self.state()["cancelled"] == before + 1, 10, "on_cancel")

    def test_colours_on_a_terminal_only(self):
        leader, follower = pty.openpty()
        env = harness.clean_environment(self.host.folder, {"TERM": "xterm"})
        subprocess.run([str(harness.PROGRAM), "test", "count"], env=env, stdout=follower, check=True, timeout=20)
        os.close(follower)
        shown = b""
        with contextlib.suppress(OSError):
            while piece := os.read(leader, 4096):
                shown += piece
        os.close(leader)
        self.assertIn(b"\033[1mN\033[0m", shown)


class Instances(harness.Case):
    def terminal(self, folder, *words):
        return subprocess.run([str(harness.PROGRAM), *words], env=harness.clean_environment(folder), text=True,
                              capture_output=True, timeout=20 * harness.SLOW)

    def named(self, name, module, folder=None):
        return harness.Microhost({"host": {"loops": 1, "name": name}, "load": [str(fixtures.FOLDER / f"{module}.so")],
                                  "listeners": {"edge": {"module": module, "address": "127.0.0.1:0"}}}, folder=folder)

    def test_none_and_several(self):
        with self.named("one", "commands") as one:
            with self.named("two", "moods", folder=one.folder):
                done = self.terminal(one.folder, "modules", "list")
                self.assertEqual(done.returncode, 2)
                self.assertEqual(done.stderr, "microhost: several instances are running: one, two; say which one with "
                                              "--instance NAME\n")
                done = self.terminal(one.folder, "modules", "list", "--instance", "two", "--output", "raw")
                self.assertEqual((done.returncode, done.stdout.split("\t")[0]), (0, "moods"), done.stderr)
            self.assertEqual(self.terminal(one.folder, "modules", "list").returncode, 0)
            one.kill()  # its socket stays
            done = self.terminal(one.folder, "modules", "list")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(f"no instance is running; looked in {one.runtime}/instances", done.stderr)
            done = self.terminal(one.folder, "modlues", "list")
            self.assertEqual(done.returncode, 2)
            self.assertIn('did you mean "modules"?', done.stderr)
            one.start()  # so that the end is a good one

    def test_over_tcp_nobody_is_known(self):
        with fixtures.serve("commands", control_address="127.0.0.1:0") as host:
            listeners = json.loads(host.ask_control("GET", "/v1/listeners").body)
            port = int(next(l["address"] for l in listeners if l["name"] == "control-tcp").rpartition(":")[2])
            with wire.Client(port) as client:
                answer = client.request("POST", "/v1/commands/modules/list")
                self.assertEqual(answer.status, 403, answer.text)
                self.assertIn("nobody is authenticated", json.loads(answer.body)["detail"])
                answer = client.request("POST", "/v1/commands/test/count")
                self.assertEqual((answer.status, len(rows(answer))), (200, 3))

    def test_a_stop_ends_what_runs(self):
        with fixtures.serve("commands") as host, wire.Client(host.control) as client:
            client.send(wire.request_bytes("POST", "/v1/commands/test/hang"))
            received = b""
            while b"waiting" not in received:
                received += client.sock.recv(65536)
            host.stop()
            while piece := client.sock.recv(65536):
                received += piece
            self.assertIn(b"the process stops", received)


if __name__ == "__main__":
    unittest.main()
