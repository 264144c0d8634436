# SPDX-License-Identifier: Apache-2.0
"""What the program writes about itself and about requests, and the ids that tie them together."""
import json
import os
import pty
import re
import signal
import subprocess
import threading
import unittest
from pathlib import Path

import harness
import wire

MODULES = harness.PREFIX / "lib/microhost"
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$")
COMBINED = re.compile(r'^(\S+) - (\S+) \[([^\]]+)\] "([^"]*)" (\d{3}) (\d+|-) "([^"]*)" "([^"]*)"$')
MADE = re.compile(r"^[0-9a-f]{32}$")
TRACE = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Logs(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not (MODULES / "forward.so").exists():
            raise unittest.SkipTest("the examples are not built")

    def config(self, upstream, *modules, log=None, **more):
        host = {"loops": 2, "log": log or {}, **more.pop("host", {})}
        return {"host": host, "load": ["forward.so", *modules], "listeners": {"edge": {"module": "forward", "address": "127.0.0.1:0"}},
                "modules": {"forward": {"upstream": upstream.address}}, **more}

    def access(self, host, count):
        """The lines of the access log, once there are that many: it goes to standard output."""
        def lines():
            return [line for line in host.stderr.splitlines() if '"level"' not in line]

        harness.wait_for(lambda: len(lines()) >= count, 5, f"{count} lines")
        host.stop()
        self.assertEqual(len(lines()), count, lines())
        return lines()

    # ---- the log

    def test_lines_are_json_when_nobody_watches(self):
        with wire.Upstream() as upstream, harness.Microhost(self.config(upstream)) as host:
            host.stop()
            lines = [json.loads(line) for line in host.stderr.splitlines()]
            self.assertEqual([line["msg"] for line in lines][:2], ["ready", "stopping"])
            for line in lines:
                self.assertEqual(list(line)[:4], ["time", "level", "module", "msg"])
                self.assertRegex(line["time"], TIME)
                self.assertEqual((line["level"], line["module"]), ("info", "host"))

    def test_lines_are_text_on_a_terminal_behind_the_card(self):
        with wire.Upstream() as upstream:
            host = harness.Microhost(self.config(upstream))
            host.write_config(host.config)
            host.runtime.mkdir(mode=0o700)
            ours, theirs = pty.openpty()
            env = {**harness.clean_environment(host.folder), "TERM": "xterm"}
            process = subprocess.Popen([harness.PROGRAM, "--config", host.folder / "config.json"], env=env,
                                       cwd=host.folder, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
            os.close(theirs)
            said = b""
            try:
                while b"ready" not in said.replace(b"readyz", b""):
                    said += os.read(ours, 4096)
                text = re.sub(r"\x1b\[[0-9;]*m", "", said.decode())
                self.assertIn(f"pid {process.pid}", text)
                self.assertNotIn('"level"', text)
                self.assertRegex(text, r"INFO  host  ready listeners=1")
                process.terminate()
                self.assertEqual(process.wait(10), 0)
            finally:
                process.kill()
                process.wait()
                os.close(ours)
                host._clean()

    def test_the_format_can_be_chosen(self):
        with wire.Upstream() as upstream:
            with harness.Microhost(self.config(upstream), "--log_format", "text") as host:
                host.wait_for_log("INFO  host  ready listeners=1")
                self.assertNotIn("\x1b", host.stderr)

    def test_the_level_can_be_chosen_by_flag_variable_and_file(self):
        with wire.Upstream() as upstream:
            for args, env, log, there in (((), None, {}, True), (("--log_level", "warn"), None, {}, False),
                                          ((), {"MICROHOST_LOG_LEVEL": "error"}, {}, False),
                                          ((), None, {"level": "warn"}, False),
                                          (("--log_level=info",), {"MICROHOST_LOG_LEVEL": "error"}, {"level": "warn"}, True)):
                with self.subTest(args=args, env=env, log=log):
                    with harness.Microhost(self.config(upstream, log=log), *args, env=env) as host:
                        host.get("/")
                        host.stop()
                        self.assertEqual('"msg":"ready"' in host.stderr, there, host.stderr)

    def test_a_changed_level_counts_after_sighup(self):
        with wire.Upstream() as upstream, harness.Microhost(self.config(upstream, log={"level": "warn"})) as host:
            host.write_config(self.config(upstream, log={"level": "info"}))
            host.signal(signal.SIGHUP)
            host.wait_for_log("reloaded")

    def test_a_file_is_written_and_opened_again_on_sighup(self):
        with wire.Upstream() as upstream, harness.Microhost(self.config(upstream, log={"file": "host.log"})) as host:
            path = host.folder / "host.log"
            harness.wait_for(lambda: '"ready"' in path.read_text(), 5, "the first line")
            path.rename(host.folder / "host.log.1")
            host.signal(signal.SIGHUP)
            harness.wait_for(lambda: path.exists() and '"reloaded' in path.read_text(), 5, "the new file")
            host.stop()
            self.assertIn('"stopping"', path.read_text())
            self.assertNotIn('"stopping"', (host.folder / "host.log.1").read_text())
            self.assertEqual(host.stderr, "")

    def test_what_a_client_sends_cannot_forge_a_line(self):
        with wire.Upstream() as upstream, harness.Microhost(self.config(upstream, log={"access_log": "combined"})) as host:
            host.get('/%0a%22x"y\\', [("User-Agent", 'a"b\\c\t"'), ("Referer", "\xff\x80")])
            line, = self.access(host, 1)
            self.assertNotIn('x"y', line)
            self.assertTrue(line.isprintable(), line)

    # ---- the access log

    def test_combined_has_a_line_for_each_request(self):
        with wire.Upstream(wire.answer(b"x" * 321)) as upstream:
            with harness.Microhost(self.config(upstream), "--access_log", "combined") as host:
                with wire.Client(host.port()) as client:
                    client.request("GET", "/a?b=c", [("User-Agent", "curl/8"), ("Referer", "http://r/")])
                    client.request("HEAD", "/h")
                    client.request("POST", "/p", body=b"y" * 10)
                lines = [COMBINED.match(line) for line in self.access(host, 3)]
                self.assertTrue(all(lines), host.stderr)
                self.assertEqual([m.group(1, 2, 4, 5) for m in lines],
                                 [("127.0.0.1", "-", "GET /a?b=c HTTP/1.1", "200"), ("127.0.0.1", "-", "HEAD /h HTTP/1.1", "200"),
                                  ("127.0.0.1", "-", "POST /p HTTP/1.1", "200")])
                self.assertEqual(lines[0].group(6, 7, 8), ("321", "http://r/", "curl/8"))
                self.assertEqual(lines[1][6], "-")
                self.assertRegex(lines[0][3], r"^\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}$")

    def test_json_has_the_id_the_bytes_and_the_principal(self):
        if not (MODULES / "auth-token.so").exists():
            self.skipTest("auth-token.so is not built")
        with wire.Upstream(wire.answer(b"x" * 321)) as upstream:
            config = self.config(upstream, "auth-token.so", log={"access_log": "json"},
                                 filters={"token": {"use": "auth-token", "config": {"file": "tokens"}}})
            host = harness.Microhost(config)
            (host.folder / "tokens").write_text("one alice viewer\n")
            with host:
                good = host.get("/a?b", [("Authorization", "Bearer one"), ("User-Agent", "t/1")])
                refused = host.get("/c")
                rows = sorted((json.loads(line) for line in self.access(host, 2)), key=lambda row: row["target"])
                for row, answer, target in ((rows[0], good, "/a?b"), (rows[1], refused, "/c")):
                    self.assertEqual((row["target"], row["status"], row["request_id"], row["bytes"]),
                                     (target, answer.status, answer["X-Request-Id"], len(answer.body)))
                    self.assertEqual((row["method"], row["peer"], row["listener"]), ("GET", "127.0.0.1", "edge"))
                    self.assertRegex(row["time"], TIME)
                    self.assertGreaterEqual(row["duration_us"], 0)
                self.assertEqual((rows[0]["status"], rows[0]["user"], rows[0]["user_agent"]), (200, "alice", "t/1"))
                self.assertEqual(rows[1]["status"], 401)
                self.assertNotIn("user", rows[1])
                self.assertNotIn("Bearer", host.stderr)

    def test_many_requests_are_as_many_whole_lines(self):
        def client():
            with wire.Client(host.port()) as connection:
                for _ in range(200):
                    connection.request("GET", "/")

        with wire.Upstream() as upstream, harness.Microhost(self.config(upstream, log={"access_log": "json"})) as host:
            threads = [threading.Thread(target=client) for _ in range(8)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            rows = [json.loads(line) for line in self.access(host, 1600)]
            self.assertEqual(len({row["request_id"] for row in rows}), 1600)

    def test_what_is_no_request_is_a_line_too(self):
        with wire.Upstream() as upstream, harness.Microhost(self.config(upstream, log={"access_log": "json"})) as host:
            wire.raw(host.port(), b"nonsense\r\n\r\n")
            line, = self.access(host, 1)
            self.assertEqual(json.loads(line)["status"], 400)

    # ---- ids

    def ids(self, value=None, **host):
        """What the upstream and the client get for a request with that X-Request-Id."""
        with wire.Upstream() as upstream, harness.Microhost(self.config(upstream, host=host)) as running:
            answer = running.get("/", [("X-Request-Id", value)] if value else [])
            return upstream.requests[0].all("X-Request-Id"), answer.all("X-Request-Id")

    def test_everybody_else_gets_an_id_that_is_made_here(self):
        for value in (None, "mine-1"):
            with self.subTest(value):
                (sent,), (got,) = self.ids(value)
                self.assertRegex(sent, MADE)
                self.assertEqual(got, sent)

    def test_the_id_of_a_trusted_peer_is_kept(self):
        self.assertEqual(self.ids("mine-1", trusted_proxies=["127.0.0.0/8"]), (["mine-1"], ["mine-1"]))
        (sent,), (got,) = self.ids(None, trusted_proxies=["127.0.0.0/8"])
        self.assertRegex(sent, MADE)
        self.assertEqual(got, sent)

    def test_an_id_that_is_too_long_or_has_odd_characters_is_replaced_even_then(self):
        for value in ("a" * 500, 'a"b', "a b", "a<b>"):
            with self.subTest(value):
                (sent,), (got,) = self.ids(value, trusted_proxies=["127.0.0.1"])
                self.assertRegex(sent, MADE)
                self.assertEqual(got, sent)

    def test_ids_are_never_the_same(self):
        with wire.Upstream() as upstream, harness.Microhost(self.config(upstream)) as host:
            with wire.Client(host.port()) as client:
                seen = {client.request("GET", "/")["X-Request-Id"] for _ in range(500)}
            self.assertEqual(len(seen), 500)

    def traced(self, value):
        with wire.Upstream() as upstream, harness.Microhost(self.config(upstream)) as host:
            host.get("/", [("traceparent", value), ("tracestate", "a=b")] if value else [])
            return upstream.requests[0].all("traceparent"), upstream.requests[0].all("tracestate")

    def test_a_trace_is_continued_with_an_own_span(self):
        (sent,), state = self.traced(PARENT)
        self.assertRegex(sent, TRACE)
        before, after = TRACE.match(PARENT), TRACE.match(sent)
        self.assertEqual(after.group(1, 3), before.group(1, 3))
        self.assertNotEqual(after[2], before[2])
        self.assertEqual(state, ["a=b"])

    def test_a_trace_that_is_damaged_or_absent_is_begun_anew(self):
        for value in (None, "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "nonsense", PARENT.upper()):
            with self.subTest(value):
                sent, _ = self.traced(value)
                self.assertEqual(len(sent), 1)
                self.assertRegex(sent[0], TRACE)
                self.assertNotIn("4bf92f3577b34da6a3ce929d0e0e4736", sent[0])


if __name__ == "__main__":
    unittest.main()
