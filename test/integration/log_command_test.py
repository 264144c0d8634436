# SPDX-License-Identifier: Apache-2.0
"""`microhost logs`: the last lines of a running instance, and those to come."""
import json
import signal
import unittest

import event_test
import fixtures
import harness
import terminal_case
import wire


def about(rows, body):
    return [r for r in rows if r.get("body") == body]


class Logs(terminal_case.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not (fixtures.FOLDER / "hearer.so").exists():
            raise unittest.SkipTest("the fixtures are not built")

    def logged(self, host, *words):
        return [json.loads(line) for line in self.terminal(host, "logs", "--output", "json", *words).splitlines()]

    def test_the_lines_are_those_of_the_file(self):
        with event_test.host("t") as h:
            for body in (b"one", b"two", b"three"):
                event_test.publish(h, "t", body)
            event_test.wait_for_heard(h, 3)
            rows = self.logged(h)
            harness.wait_for(lambda: h.log_rows()[:len(rows)] == rows, 5, "the same in the log")  # which is written later
            self.assertIn("ready", [r["msg"] for r in rows])
            text = self.terminal(h, "logs")
            self.assertRegex(text, r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO  host  ready listeners=1$")
            raw = [line.split("\t") for line in self.terminal(h, "logs", "--output", "raw", "--text", "ready").splitlines()]
            self.assertEqual([r[1:] for r in raw], [["info", "host", "ready", "listeners=1"]])
            self.assertTrue(raw[0][0].isdigit(), raw)

    def test_what_is_wanted_is_chosen(self):
        with event_test.host("t") as h:
            for body in (b"one", b"two", b"three"):
                event_test.publish(h, "t", body)
            event_test.wait_for_heard(h, 3)
            self.assertEqual({r["module"] for r in self.logged(h, "--module", "hearer")}, {"hearer"})
            self.assertTrue(all(r["module"].startswith("host") for r in self.logged(h, "--module", "host")))
            two = self.logged(h, "--text", "two")
            self.assertTrue(two and all(r["body"] == "two" for r in two), two)
            last = self.logged(h, "--module", "hearer", "--lines", "1")
            self.assertEqual(last, self.logged(h, "--module", "hearer")[-1:])
            self.assertEqual(self.terminal(h, "logs", "--level", "error"), "")
            self.assertRegex(self.stderr, r"^microhost: none of the last \d+ lines is like that\n$")

    def test_a_request_is_found_by_its_id(self):
        with wire.Upstream() as gone:
            address = gone.address
        config = {"load": ["api.so"], "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
                  "modules": {"api": {"handler": "proxy", "namespace": "go.micro.api"}}}
        with harness.Microhost(config) as h:
            h.register("go.micro.api.shop", address)
            harness.wait_for(lambda: h.get("/shop/x").status == 502, 5, "the service that does not answer")
            one, another = (h.get("/shop/x")["X-Request-Id"] for _ in range(2))
            for number in (one, another):
                lines = harness.wait_for(
                    lambda: len(found := h.log_rows(number)) == 2 and found, 5, "both lines")
                self.assertEqual({row["module"] for row in lines}, {"api", "host/http"}, "whoever says something of it")
                self.assertEqual(self.logged(h, "--request", number), lines)
            self.assertEqual(self.terminal(h, "logs", "--request", one[:8]), "", "the whole id")

    def test_following_shows_what_comes_until_ctrl_c(self):
        with event_test.host("t") as h, terminal_case.Going(h, "logs", "-f", "--output", "json") as logs:
            logs.wait_for_out(lambda lines: any('"ready"' in line for line in lines), "what was before")
            event_test.publish(h, "t", b"to come")
            logs.wait_for_out(lambda lines: len(about(map(json.loads, lines), "to come")) == 2, "what came")
            self.assertEqual(logs.interrupt(), -signal.SIGINT)
            sequence = [json.loads(line) for line in logs.out]
            harness.wait_for(lambda: h.log_rows()[:len(sequence)] == sequence, 5, "each line once, in order, in the log")

    def test_following_with_a_filter_and_nothing_of_before(self):
        with event_test.host("t") as h:
            event_test.publish(h, "t", b"before")
            event_test.wait_for_heard(h, 1)
            with terminal_case.Going(h, "logs", "--follow", "--lines", "0", "--text", "by=main", "--output", "json") as logs:
                def some():  # until it looks
                    event_test.publish(h, "t", b"after")
                    return logs.out
                harness.wait_for(some, 10, "a line")
                self.assertEqual({json.loads(line)["body"] for line in logs.out}, {"after"})
                self.assertEqual({json.loads(line)["by"] for line in logs.out}, {"main"})

    def test_who_reads_slowly_loses_lines_and_is_told(self):
        body = b"x" * 1500
        with event_test.host("t") as h, wire.Client(h.control) as reader:
            reader.send(wire.request_bytes("POST", "/v1/commands/logs", body=b'{"args": {"follow": true}}'))
            received = b""
            while b"ready" not in received:
                received += reader.sock.recv(65536)
            with wire.Client(h.port("say")) as talker:
                for _ in range(4000):
                    self.assertEqual(talker.request("POST", "/t", (), body).status, 204)
            def told():  # the log itself may be full for a moment, and then says how much it has lost
                event_test.publish(h, "t", b"the last one")
                return '"the last one"' in h.stderr
            harness.wait_for(told, 20, "the end of the log")
            self.assertEqual(h.ask_control("GET", "/healthz").status, 200)
            reader.sock.settimeout(10 * harness.SLOW)
            while b"the last one" not in received:
                piece = reader.sock.recv(1 << 20)
                self.assertTrue(piece, "it goes on")
                received += piece
            self.assertRegex(received.decode(errors="replace"), r'\{"note":"\d+ lines of the log went by unread"\}')
            self.assertLess(len(received), 8 << 20, "most was lost")

    def test_a_deadline_ends_it(self):
        with event_test.host("t") as h:
            self.assertIn(" ready ", self.terminal(h, "logs", "-f", "--timeout", "300ms", status=124))
            self.assertEqual(self.stderr, 'microhost: "logs" did not end within 300 ms\n')
            self.terminal(h, "subscribe", "t", "--timeout", "300ms", status=124)
            self.terminal(h, "top", "--timeout", "500ms", status=124)

    def test_it_ends_with_the_process(self):
        with event_test.host("t") as h, terminal_case.Going(h, "logs", "-f") as logs:
            logs.wait_for_out(lambda lines: lines, "a line")
            h.stop()
            self.assertEqual(logs.end(), 1)
            self.assertIn("microhost: the process stops", logs.err)

    def test_wrong_words(self):
        with event_test.host("t") as h:
            self.fails(h, "logs", "--level", "loud", status=2, says=["none of debug|info|warn|error"])
            self.fails(h, "logs", "--lines", "-1", status=2, says=["--lines: -1 is not between 0 and"])
            h.kill()
            self.fails(h, "logs", says=["no instance is running"])
            h.start()


if __name__ == "__main__":
    unittest.main()
