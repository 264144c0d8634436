# SPDX-License-Identifier: Apache-2.0
"""Limits that hold over all loops, stops that lose nothing, sockets from elsewhere, filters that are missing."""
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import unittest

import harness
import wire

MODULES = harness.PREFIX / "lib/microhost"
ADDRESS = "127.0.0.1:0"
CLIENTS = 16
# As a service manager starts it: the socket is descriptor 3, and both variables name it.
LAUNCHER = """import os, sys
given = int(sys.argv[1])
os.dup2(given, 3) if given != 3 else os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=sys.argv[2].replace("own", str(os.getpid())), LISTEN_FDS="1")
os.execv(sys.argv[3], sys.argv[3:])"""


def forwarding(upstream, *modules, **more):
    return {"load": ["forward.so", *modules], "listeners": {"edge": {"module": "forward", "address": ADDRESS}},
            "modules": {"forward": {"upstream": upstream.address, "response_timeout": "60s"}}, **more}


class Gate:
    """A script for an upstream: every answer waits until the gate is opened."""

    def __init__(self):
        self.opened = threading.Event()

    def __call__(self, request, sock):
        self.opened.wait(30)
        return wire.answer(b"after all")


class Resilience(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not (MODULES / "forward.so").exists():
            raise unittest.SkipTest("the examples are not built")

    def together(self, work, count=CLIENTS):
        """Runs work(number) in that many threads. Returns them."""
        threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
        for t in threads:
            t.start()
        return threads

    # ---- a limit

    @unittest.skipUnless(os.environ.get("MICROHOST_ALL") and harness.SLOW == 1, "slow: only with --all, without a sanitizer")
    def test_a_limit_is_exact_over_all_loops(self):
        seconds, rate, burst, seen = 30.0, 10, 5, []  # on a machine that is busy a burst of 1 would lose passes
        limit = {"use": "rate-limit", "config": {"rate": rate, "burst": burst, "key": "header:X-Key"}}

        def client(_):
            with wire.Client(host.port()) as connection:
                while time.monotonic() < end:
                    seen.append(connection.request("GET", "/", [("X-Key", "all")]).status)

        with wire.Upstream() as upstream:
            config = forwarding(upstream, "rate-limit.so", filters={"limit": limit})
            with harness.Microhost(config, "--loops", "4") as host:
                end = time.monotonic() + seconds
                for t in self.together(client, 64):
                    t.join()
        self.assertLessEqual(set(seen), {200, 429})
        self.assertGreater(len(seen), 1000, "too few requests to mean anything")
        self.assertLessEqual(abs(seen.count(200) - rate * seconds), 0.05 * rate * seconds, f"{seen.count(200)} of {len(seen)} passed")

    # ---- stops

    def test_requests_in_flight_are_answered_before_the_end(self):
        gate, answers = Gate(), []

        def client(_):
            with wire.Client(host.port()) as connection:
                answers.append((connection.request("POST", "/", body=b"x" * 1000), connection.closed()))

        with wire.Upstream(gate) as upstream, harness.Microhost(forwarding(upstream)) as host:
            threads = self.together(client)
            upstream.wait_for_requests(CLIENTS)
            host.signal(signal.SIGTERM)
            harness.wait_for(lambda: self.refused(host.port()), 5, "the end of listening")
            self.assertIsNone(host.process.poll())
            gate.opened.set()
            for t in threads:
                t.join()
            self.assertEqual([(a.status, a.text, a["Connection"], closed) for a, closed in answers],
                             [(200, "after all", "close", True)] * CLIENTS)
            self.assertEqual(host.wait(), 0)

    def refused(self, port):
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            return True
        return False

    def test_under_load_nobody_gets_half_an_answer_or_an_error(self):
        wrong, count = [], [0] * CLIENTS

        def client(number):
            while True:
                try:
                    with wire.Client(host.port()) as connection:
                        while True:
                            connection.send(wire.request_bytes("GET", "/"))
                            answer = connection.response()
                            count[number] += 1
                            if (answer.status, answer.text) != (200, "whole"):
                                wrong.append(answer)
                            if (answer["Connection"] or "").lower() == "close":
                                break
                except EOFError:  # between two requests it may close, as any server may
                    if connection.reader.buffer:
                        wrong.append(connection.reader.buffer)
                except ConnectionRefusedError:
                    return
                except OSError as problem:
                    if not isinstance(problem, ConnectionError):
                        wrong.append(problem)

        with wire.Upstream(wire.answer(b"whole")) as upstream, harness.Microhost(forwarding(upstream)) as host:
            threads = self.together(client)
            harness.wait_for(lambda: min(count) > 20, 20, "load")
            host.signal(signal.SIGTERM)
            self.assertEqual(host.wait(), 0)
            for t in threads:
                t.join()
        self.assertEqual(wrong, [])

    def test_a_second_sigterm_ends_at_once(self):
        gate = Gate()
        with wire.Upstream(gate) as upstream:
            host = harness.Microhost(forwarding(upstream))
            try:
                host.start()
                with wire.Client(host.port()) as client:
                    client.send(wire.request_bytes("GET", "/"))
                    upstream.wait_for_requests(1)
                    host.signal(signal.SIGTERM)
                    host.wait_for_log("stopping")
                    self.assertIsNone(host.process.poll())
                    began = time.monotonic()
                    host.signal(signal.SIGTERM)
                    status = host.wait()
                    self.assertLess(time.monotonic() - began, 1 * harness.SLOW)
                    self.assertNotEqual(status, 0, "a request was lost")
                    self.assertTrue(client.closed())
            finally:
                gate.opened.set()
                host.kill()
                host._clean()

    def test_a_request_that_takes_longer_than_the_drain_timeout_is_cut_off(self):
        gate = Gate()
        with wire.Upstream(gate) as upstream:
            with harness.Microhost(forwarding(upstream, host={"drain_timeout": "200ms"})) as host:
                with wire.Client(host.port()) as client:
                    client.send(wire.request_bytes("GET", "/"))
                    upstream.wait_for_requests(1)
                    host.stop()
            gate.opened.set()

    def test_readiness_fails_first_and_requests_are_served_on_for_the_drain_delay(self):
        delay = 3 * harness.SLOW
        with wire.Upstream() as upstream, harness.Microhost(forwarding(upstream, host={"drain_delay": f"{delay}s"})) as host:
            self.assertEqual(host.ask_control("GET", "/readyz").status, 200)
            began = time.monotonic()
            host.signal(signal.SIGTERM)
            harness.wait_for(lambda: host.ask_control("GET", "/readyz").status == 503, 1, "the end of readiness")
            self.assertEqual(host.get("/").status, 200)  # on a new connection
            self.assertLess(time.monotonic() - began, delay, "this machine is too slow for this test")
            self.assertEqual(host.wait(), 0)
            self.assertGreaterEqual(time.monotonic() - began, delay)

    # ---- sockets

    def test_a_unix_socket_is_served_and_goes_with_the_process(self):
        with wire.Upstream() as upstream:
            config = forwarding(upstream)
            config["listeners"]["edge"]["address"] = "unix:edge.sock"
            with harness.Microhost(config) as host:
                path = host.folder / "edge.sock"
                self.assertTrue(stat.S_ISSOCK(path.stat().st_mode))
                with wire.Client(path) as client:
                    for _ in range(3):
                        self.assertEqual(client.request("GET", "/").status, 200)
                # what was left behind by one that was killed does not hinder the next
                host.kill()
                self.assertTrue(path.exists())
                with harness.Microhost(config, folder=host.folder) as second, wire.Client(path) as client:
                    self.assertEqual(client.request("GET", "/").status, 200)
                    second.stop()
                host.process = second.process

    def given(self, sock, config, pid="own"):
        """The program, started with that socket as descriptor 3."""
        host = harness.Microhost(config)
        host.runtime.mkdir(mode=0o700)
        host.state.mkdir(mode=0o700)
        host.write_config(config)
        with open(host.folder / "stderr", "wb") as log:
            host.log = log
            host.process = subprocess.Popen(
                [sys.executable, "-c", LAUNCHER, str(sock.fileno()), pid, str(harness.PROGRAM), "--config",
                 str(host.folder / "config.json")], pass_fds=[sock.fileno()], cwd=host.folder, stdin=subprocess.DEVNULL,
                env=harness.clean_environment(host.folder), stdout=log, stderr=log)
        self.addCleanup(host._clean)
        self.addCleanup(host.kill)
        return host

    def test_a_socket_from_the_service_manager_is_adopted(self):
        for supervise in False, True:
            with self.subTest(supervise=supervise):
                self.adopts_a_socket({"loops": 2, "supervise": supervise})

    def adopts_a_socket(self, settings):
        with wire.Upstream() as upstream, socket.create_server(("127.0.0.1", 0)) as sock:
            port = sock.getsockname()[1]
            config = forwarding(upstream, host=settings)
            config["listeners"]["edge"]["address"] = f"127.0.0.1:{port}"
            with wire.Client(port) as early:  # waits in the queue while nobody serves yet
                host = self.given(sock, config)
                self.assertEqual(early.request("GET", "/").status, 200)
                host.wait_until_ready()
                self.assertEqual(host.port(), port)
                self.assertEqual([host.get("/").status for _ in range(20)], [200] * 20)
            host.stop()
            self.assertFalse(self.refused(port), "the manager's socket was shut")

    def test_a_socket_that_was_meant_for_another_process_is_not_taken(self):
        with wire.Upstream() as upstream, socket.create_server(("127.0.0.1", 0)) as sock:
            config = forwarding(upstream)
            config["listeners"]["edge"]["address"] = f"127.0.0.1:{sock.getsockname()[1]}"
            host = self.given(sock, config, pid="1")
            self.assertEqual(host.wait(), 2)
            host.wait_for_log("in use")

    def test_the_service_manager_is_told_of_the_start_and_of_the_stop(self):
        with wire.Upstream() as upstream:
            host = harness.Microhost(forwarding(upstream))
            manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            manager.settimeout(wire.TIMEOUT)
            manager.bind(str(host.folder / "notify"))
            host.env = {"NOTIFY_SOCKET": str(host.folder / "notify")}
            with manager, host:
                self.assertIn(b"READY=1", manager.recv(4096).split(b"\n"))
                self.assertEqual(host.get("/").status, 200)
                host.signal(signal.SIGTERM)
                self.assertIn(b"STOPPING=1", manager.recv(4096).split(b"\n"))
                self.assertEqual(host.wait(), 0)

    # ---- filters

    def test_who_is_refused_by_an_earlier_filter_uses_up_nothing_of_a_later_one(self):
        filters = {"a-limit": {"use": "rate-limit", "config": {"rate": 0.01, "burst": 2}},
                   "z-token": {"use": "auth-token", "config": {"file": "tokens"}}}
        for chosen in (None, ["a-limit", "z-token"]):  # whatever the list says, phases decide
            with self.subTest(chosen), wire.Upstream() as upstream:
                config = forwarding(upstream, "auth-token.so", "rate-limit.so", filters=filters)
                if chosen:
                    config["listeners"]["edge"]["filters"] = chosen
                host = harness.Microhost(config)
                (host.folder / "tokens").write_text("one\n")
                with host:
                    seen = [host.get("/", [("Authorization", t)]).status for t in ("x", "x", "x", "one", "one", "one", "x")]
                    self.assertEqual(seen, [401, 401, 401, 200, 200, 429, 401])
                    row, = host.ask_control("GET", "/v1/filters").json()
                    self.assertEqual([f["name"] for f in row["filters"]], ["z-token", "a-limit"])

    def missing(self, upstream, **more):
        """Two listeners; one has a filter that the module which it names does not offer (a reload can do that)."""
        config = forwarding(upstream, filters={"token": {"use": "forward", "match": {"path_prefix": "/private"}, **more}})
        config["listeners"] = {"edge": {"module": "forward", "address": ADDRESS, "filters": ["token"]},
                               "inside": {"module": "forward", "address": ADDRESS, "filters": []}}
        return harness.Microhost(config)

    def test_an_access_filter_that_is_missing_closes_what_it_guards_and_nothing_else(self):
        with wire.Upstream() as upstream, self.missing(upstream) as host:
            for target, listener, status in (("/private/a", "edge", 503), ("/private", "edge", 503), ("/public", "edge", 200),
                                             ("/privately", "edge", 200), ("/private/a", "inside", 200)):
                with self.subTest(target=target, listener=listener):
                    answer = host.get(target, listener=listener)
                    self.assertEqual(answer.status, status)
                    if status == 503:
                        self.assertEqual(answer.json()["code"], 503)
            ready = host.ask_control("GET", "/readyz?verbose")
            self.assertEqual(ready.status, 503)
            self.assertIn("[-]filter:token", ready.text)
            self.assertEqual(host.ask_control("GET", "/healthz").status, 200)
            said = host.log_rows('"token"')
            self.assertEqual((said[0]["level"], said[0]["filter"]), ("error", "token"))
            self.assertIn("forward", said[0]["reason"])

    def test_a_filter_of_a_module_that_is_not_loaded_is_refused_before_anything_listens(self):
        with wire.Upstream() as upstream:
            for more in ({}, {"on_error": "open"}, {"mode": "shadow"}):
                config = forwarding(upstream, filters={"token": {"use": "auth-token", **more}})
                self.refuses(config, words=["/filters/token/use", "auth-token", "not loaded"])

    def test_the_operator_can_say_that_requests_pass_without_it(self):
        for more in ({"on_error": "open"}, {"on_error": "skip"}, {"mode": "shadow"}):
            with self.subTest(more), wire.Upstream() as upstream, self.missing(upstream, **more) as host:
                self.assertEqual(host.get("/private", listener="edge").status, 200)
                ready = host.ask_control("GET", "/readyz?verbose")
                self.assertEqual(ready.status, 200, ready.text)
                self.assertIn("filter:token degraded", ready.text)

    def test_a_shadow_filter_decides_nothing_and_is_counted(self):
        with wire.Upstream() as upstream:
            limit = {"use": "rate-limit", "mode": "shadow", "config": {"rate": 0.01, "burst": 1, "headers": True}}
            with harness.Microhost(forwarding(upstream, "rate-limit.so", filters={"limit": limit})) as host:
                self.assertEqual([host.get("/").status for _ in range(5)], [200] * 5)
                row, = host.ask_control("GET", "/v1/filters").json()[0]["filters"]
                self.assertEqual((row["mode"], row["verdicts"]["respond"]), ("shadow", 4))


if __name__ == "__main__":
    unittest.main()
