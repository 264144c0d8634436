# SPDX-License-Identifier: Apache-2.0
"""`microhost top` under traffic: what it says is what was sent."""
import contextlib
import json
import threading
import time
import unittest

import fixtures
import harness
import mucp
import rpc_listener_test
import terminal_case
import wire

PATH = "/greeter/say/hello"


def gateway(**more):
    return harness.Microhost({"host": {"loops": 2}, "load": ["api.so"], "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
                              "modules": {"api": {"handler": "rpc", "namespace": "go.micro.api"}}, **more})


class Traffic:
    """Calls, one after another on one connection, until the end; `rate` is what was counted here."""

    def __init__(self, host, path=PATH):
        self.host, self.path, self.sent, self.statuses, self.over = host, path, 0, set(), False
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        with contextlib.suppress(OSError, EOFError), wire.Client(self.host.port("edge")) as client:  # it may be killed
            while not self.over:
                self.statuses.add(client.request("POST", self.path, [("Content-Type", "application/json")], b"{}").status)
                self.sent += 1
                time.sleep(0.002)  # the pace, not a wait

    def __enter__(self):
        self.began = time.monotonic()
        self.thread.start()
        harness.wait_for(lambda: self.sent > 5, 10, "traffic")
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()

    @property
    def rate(self):
        return self.sent / (time.monotonic() - self.began)


class Top(terminal_case.Case):
    def once(self, host, *words):
        (line,) = self.terminal(host, "top", "--once", "--output", "json", *words).splitlines()
        return json.loads(line)

    @contextlib.contextmanager
    def busy(self, name="go.micro.api.greeter", script=None, path=PATH):
        with gateway() as host:
            service = harness.Service(host, name) if script is None else None
            with service or contextlib.nullcontext():
                harness.wait_for(lambda: host.post(path, b"{}", [("Content-Type", "application/json")]).status == 200, 10, "the service")
                with Traffic(host, path) as traffic:
                    yield host, traffic

    def test_rates_and_times_are_those_of_the_traffic(self):
        with self.busy() as (host, traffic):
            now = self.once(host)
            rate = traffic.rate
            (service,) = [s for s in now["services"] if s["service"] == "go.micro.api.greeter"]
            # Another one is that of what was asked before the service was there.
            route = max((r for r in now["routes"] if r["module"] == "api"), key=lambda r: r["requests_per_s"])
            (edge,) = [x for x in now["listeners"] if x["listener"] == "edge"]
            (api,) = [m for m in now["modules"] if m["module"] == "api"]
        for seen in (service["calls_per_s"], route["requests_per_s"]):
            self.assertTrue(rate / 3 < seen < rate * 3, (seen, rate))
        self.assertGreaterEqual(now["seconds"], 0.9)
        self.assertEqual((service["errors_per_s"], route["errors_per_s"], service["streams"]), (0, 0, 0))
        for row in (service, route):
            self.assertTrue(0 < row["p50_ms"] <= row["p99_ms"], row)
        self.assertEqual(edge["connections"], 1)
        self.assertGreater(edge["received_bytes_per_s"], 0)
        self.assertGreaterEqual(api["calls_per_s"], rate / 3)
        self.assertTrue(0 < api["cpu"] < 2, api)
        self.assertNotIn("control", [r["module"] for r in now["routes"]], "whoever looks is not counted")

    def test_errors_are_counted(self):
        with self.busy() as (host, traffic):
            harness.wait_for(lambda: traffic.sent > 20, 10, "traffic")
            for path in host.runtime.glob("registry/v1/*.json"):
                path.unlink()
            harness.wait_for(lambda: max(traffic.statuses) >= 500, 10, "errors")
            def failing():
                return any(r["errors_per_s"] > 0 for r in self.once(host, "--interval", "300ms")["routes"])
            harness.wait_for(failing, 10, "errors in top")

    def test_tables_for_a_person(self):
        with self.busy() as (host, _):
            text = self.terminal(host, "top", "--once", "--interval", "300ms")
        for pattern in (r"(?m)^SERVICE +CALLS/S +ERRORS/S +P50 +P99 +STREAMS$", r"(?m)^go\.micro\.api\.greeter +\d+(\.\d)? +0\.0 +\S+ m?s ",
                        r"(?m)^HANDLER +ROUTE +REQ/S", r"(?m)^LISTENER +CONNECTIONS", r"(?m)^edge +1 ", r"(?m)^api +[\d.]+ +[\d.]+ %$"):
            self.assertRegex(text, pattern)

    def test_it_goes_on_in_a_pipe_until_ctrl_c(self):
        with self.busy() as (host, _), terminal_case.Going(host, "top", "--interval", "200ms", "--output", "json") as top:
            top.wait_for_out(lambda lines: len(lines) >= 3, "three intervals")
            top.interrupt()
            for line in top.out:
                now = json.loads(line)
                self.assertTrue(0.1 < now["seconds"] < 5 * harness.SLOW, now["seconds"])

    def test_on_a_terminal_it_is_drawn_anew_in_place(self):
        with self.busy() as (host, _), terminal_case.Screen(host, "top", "--interval", "300ms") as top:
            top.wait_for(lambda text: text.count("\033[H") >= 3, "three frames")
            self.assertEqual(top.interrupt(), 130)
            frames = top.text.split("\033[H")[1:]
            self.assertIn("go.micro.api.greeter", frames[0])
            for frame in frames[:3]:
                self.assertRegex(frame, r"^SERVICE ")
                self.assertIn("\033[J", frame)
            self.assertNotIn("\033[2J", top.text, "it would flicker")

    def test_an_end_of_the_instance_ends_it(self):
        with self.busy() as (host, _):
            with terminal_case.Screen(host, "top", "--interval", "200ms") as top:
                top.wait_for(lambda text: "SERVICE" in text, "a frame")
                host.kill()
                self.assertEqual(top.process.wait(10 * harness.SLOW), 1)
                self.assertIn("microhost: ", top.look())
            host.start()

    def test_the_most_first_and_only_so_many(self):
        with self.busy() as (host, _):
            for i in range(5):
                host.get(f"/none{i}/x")
            now = self.once(host, "--lines", "1", "--interval", "300ms")
            self.assertTrue(all(len(now[kind]) <= 1 for kind in ("services", "routes", "listeners", "modules")), now)
            self.assertEqual(now["services"][0]["service"], "go.micro.api.greeter")

    def test_open_streams_and_endpoints_of_a_service_of_the_process(self):
        if not (fixtures.FOLDER / "speaker.so").exists():
            self.skipTest("the fixtures are not built")
        with rpc_listener_test.serve("--loops", "1") as host:
            def service():
                now = self.once(host, "--interval", "200ms")
                return next((s for s in now["services"] if s["service"] == rpc_listener_test.NAME), {"streams": 0})
            with mucp.Stream(host.port(), "Streamer.Stream") as stream:
                stream.write(b'{"name":"John"}\n')
                stream.read()
                self.assertEqual(service()["streams"], 1)
            harness.wait_for(lambda: service()["streams"] == 0, 10, "the end of the stream")
            headers = [("Content-Type", "application/json"), ("Micro-Service", rpc_listener_test.NAME)]
            for endpoint in ("Say.Hello", "Nobody.Knows"):
                host.post("/", b'{"name":"John"}', [*headers, ("Micro-Endpoint", endpoint)])
            routes = {r["route"] for r in self.once(host, "--interval", "200ms")["routes"]}
            self.assertIn(f"{rpc_listener_test.NAME}/Say.Hello", routes)
            self.assertFalse([r for r in routes if "Nobody" in r], "what callers write is no route")

    def test_an_idle_instance_and_wrong_words(self):
        with gateway() as host:
            now = self.once(host, "--interval", "200ms")
            self.assertEqual((now["services"], now["routes"]), ([], []))
            self.fails(host, "top", "--sort", "size", status=2, says=["none of requests|errors|p50|p99|name"])
            self.fails(host, "top", "--interval", "1ms", status=2, says=["--interval: 1 ms; at least 200 ms"])
            self.fails(host, "top", "--lines", "0", status=2, says=["--lines: 0 is not between 1 and"])


if __name__ == "__main__":
    unittest.main()
