# SPDX-License-Identifier: Apache-2.0
"""A worker that crashes, hangs, is upgraded or orphaned, and modules that do it once too often."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import fixtures
import harness
import wire

SANITIZED = harness.PREFIX.name in ("asan", "tsan")
USER = {"X-User": "jane"}
LINE = re.compile(r"^microhost: (crashed|hung): .*$", re.M)


def config(**host):
    """A filter that breaks when told to in front of a handler that answers "done"."""
    return {
        "host": {"loops": 2, "supervise": True, "drain_timeout": "5s", **host},
        "load": [str(fixtures.FOLDER / f"{m}.so") for m in ("crasher", "moods")],
        "listeners": {"edge": {"module": "moods", "address": "127.0.0.1:0"},
                      "open": {"module": "moods", "address": "127.0.0.1:0", "filters": []}},
    }


def parts(line):
    """{"signal": ..., "module": ...} of a crash line."""
    found = re.match(r"microhost: (?P<what>\w+): (?P<signal>SIG\w+)(?: at (?P<address>0x[0-9a-f]+))?"
                     r"(?:, module (?P<module>\S+) (?P<version>\S+), generation (?P<generation>\d+))?"
                     r"(?:, hook (?P<hook>\w+))?(?:, request (?P<request>[^\s,]+))?, pid (?P<pid>\d+)", line)
    assert found, line
    return found.groupdict()


class Load(threading.Thread):
    """Clients that ask all the time; those of one kind keep their connection, those of the other open one for each request."""

    def __init__(self, port, keep):
        super().__init__(daemon=True)
        self.port, self.keep, self.over = port, keep, threading.Event()
        self.done, self.refused, self.ended, self.broken, self.wrong = 0, 0, 0, [], []

    def run(self):
        client = None
        while not self.over.is_set():
            fresh = client is None
            try:
                client = client or wire.Client(self.port)
            except ConnectionError:
                self.refused += 1
                continue
            try:
                answer = client.request("GET", "/", USER)
            except (EOFError, OSError) as lost:
                if fresh or "after b''" not in str(lost):
                    self.broken.append(repr(lost))
                else:  # on a connection that was kept this is how a server may end it: clients ask again
                    self.ended += 1
                client.close()
                client = None
                continue
            self.done += 1
            if answer.status != 200:
                self.wrong.append(answer)
            if not self.keep or answer.get("Connection") == "close":
                client.close()
                client = None


@contextlib.contextmanager
def under_load(host):
    loads = [Load(host.port("edge"), keep) for keep in (True, False, True, False)]
    for load in loads:
        load.start()
    harness.wait_for(lambda: all(load.done > 5 for load in loads), 10, "the first answers")
    try:
        yield loads
    finally:
        for load in loads:
            load.over.set()
        for load in loads:
            load.join(20)


class Supervise(harness.Case):
    def worker(self, host):
        for path in host.runtime.glob("instances/*/listeners.json"):
            return json.loads(path.read_text()).get("worker")

    def new_worker(self, host, old, seconds=15):
        """Waits until another one serves. Returns its process id."""
        harness.wait_for(lambda: self.worker(host) not in (old, None), seconds, "a new worker")
        return self.worker(host)

    def break_it(self, host, how, listener="edge"):
        """Asks for it; the connection ends without an answer. Returns the request's id."""
        with wire.Client(host.port(listener)) as client:
            with self.assertRaises((EOFError, OSError)):
                client.request("GET", "/", {**USER, "X-Break": how})

    def ready(self, host):
        with contextlib.suppress(OSError, EOFError):
            return host.ask_control("GET", "/readyz?verbose")
        return None

    def upgrade(self, host, *args):
        return subprocess.run([str(harness.PROGRAM), "upgrade", *args], capture_output=True, text=True, timeout=60 * harness.SLOW,
                              env=harness.clean_environment(host.folder))

    # ---- it is one instance

    def test_the_worker_is_a_child_of_the_instance_and_stops_with_it(self):
        with harness.Microhost(config(name="one")) as host:
            worker = self.worker(host)
            self.assertNotEqual(worker, host.pid)
            self.assertEqual(host.get("/", USER, listener="edge").text, "done")
            self.assertEqual(host.get("/", listener="edge").status, 401)
            self.assertTrue((host.runtime / "instances/one/supervisor.sock").exists())
            names = fixtures.Path(f"/proc/{host.pid}/maps").read_text().split()
            self.assertEqual(len(os.listdir(f"/proc/{host.pid}/task")), 1)
            self.assertFalse([n for n in names if "crasher" in n or "moods" in n], "the parent has loaded a module")
            second = harness.Microhost(config(name="one"), folder=host.folder, ready=False).start()
            self.assertEqual(second.wait(), 2)
            self.assertIn("another microhost runs under the name \"one\"", second.stderr)
        self.assertFalse(os.path.exists(f"/proc/{worker}"))

    def test_what_is_wrong_at_the_start_is_said_once(self):
        broken = config()
        broken["listeners"]["edge"]["filters"] = ["nobody"]
        host = harness.Microhost(broken, ready=False).start()
        self.assertEqual(host.wait(), 2)
        self.assertEqual([line for line in host.stderr.splitlines() if "nobody" in line and line.startswith("microhost: ")],
                         [line for line in host.stderr.splitlines() if "nobody" in line], host.stderr)
        host._clean()

    def test_the_service_manager_hears_of_the_parent(self):
        folder = fixtures.Path(harness.tempfile.mkdtemp(prefix="microhost-test-"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(folder / "notify"))
            manager.settimeout(10 * harness.SLOW)
            with harness.Microhost(config(), folder=folder, env={"NOTIFY_SOCKET": str(folder / "notify")}) as host:
                self.assertEqual(manager.recv(100).decode(), f"MAINPID={host.pid}\nREADY=1")
                self.assertEqual(self.upgrade(host).returncode, 0)
            self.assertEqual(manager.recv(100), b"STOPPING=1")  # and nothing of the worker that went before
        shutil.rmtree(folder)

    def test_signals_reach_the_worker(self):
        with harness.Microhost(config()) as host:
            host.signal(signal.SIGHUP)
            host.wait_for_log("reloaded configuration")
            self.assertEqual(host.get("/", USER, listener="edge").status, 200)
        host = harness.Microhost(config(drain_timeout="1h")).start()
        with wire.Client(host.port("edge")) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n")  # never to be whole
            worker = self.worker(host)
            host.signal(signal.SIGTERM)
            harness.wait_for(lambda: (answer := self.ready(host)) and answer.status == 503, 5, "draining")
            host.signal(signal.SIGTERM)
            self.assertEqual(host.wait(), 128 + signal.SIGTERM)
            self.assertFalse(os.path.exists(f"/proc/{worker}"))
        host._clean()

    # ---- crashes

    @unittest.skipIf(SANITIZED, "a sanitizer reports crashes itself")
    def test_a_crash_costs_the_requests_in_flight_and_nothing_else(self):
        with harness.Microhost(config()) as host:
            old, ports = self.worker(host), (host.port("edge"), host.port("open"))
            with under_load(host) as loads:
                for round_ in range(2):
                    begun = time.monotonic()
                    self.break_it(host, "segv")
                    with wire.Client(host.port("edge")) as client:
                        self.assertEqual(client.request("GET", "/", USER).status, 200)
                    took = time.monotonic() - begun
                    self.assertLess(took, 1.0 * harness.SLOW * 3)
                    old = self.new_worker(host, old)
                done = [load.done for load in loads]
                harness.wait_for(lambda: all(l.done > d + 5 for l, d in zip(loads, done)), 10, "answers of the third worker")
            self.assertEqual([load.refused for load in loads], [0] * 4)
            self.assertEqual([load.wrong for load in loads], [[]] * 4)
            # One request of each client was in flight, or none.
            self.assertLessEqual(max(len(load.broken) for load in loads), 2)
            self.assertEqual(ports, (host.port("edge"), host.port("open")))

    @unittest.skipIf(SANITIZED, "a sanitizer reports crashes itself")
    def test_the_line_says_all_that_is_known(self):
        with harness.Microhost(config(supervise=False, trusted_proxies="127.0.0.1"), env={"ASAN_OPTIONS": ""}) as host:
            with wire.Client(host.port("edge")) as client:
                with self.assertRaises((EOFError, OSError)):
                    client.request("GET", "/", {**USER, "X-Break": "segv", "X-Request-Id": "its-id.42"})
            self.assertEqual(host.wait(), -signal.SIGSEGV)
            line = LINE.search(host.stderr)[0]
            self.assertEqual(parts(line), {"what": "crashed", "signal": "SIGSEGV", "address": "0x10", "module": "crasher",
                                           "version": "3.2.1", "generation": "1", "hook": "on_request", "request": "its-id.42",
                                           "pid": str(host.pid)})
            host.stop = lambda: None

    @unittest.skipIf(SANITIZED, "a sanitizer reports crashes itself")
    def test_every_way_to_crash_names_the_module(self):
        with harness.Microhost(config(quarantine_crashes=0)) as host:
            for how, number in ("abort", "SIGABRT"), ("stack", "SIGSEGV"), ("thread", "SIGSEGV"):
                with self.subTest(how):
                    old, said = self.worker(host), len(LINE.findall(host.stderr))
                    self.break_it(host, how)
                    self.new_worker(host, old)
                    lines = [m[0] for m in LINE.finditer(host.stderr)]
                    self.assertEqual(len(lines), said + 1)
                    line = parts(lines[-1])
                    self.assertEqual((line["signal"], line["module"]), (number, "crasher"), lines[-1])

    def test_a_hook_that_hangs_is_ended_and_replaced(self):
        with harness.Microhost(config(hang_timeout="1s")) as host:
            old = self.worker(host)
            with wire.Client(host.port("edge"), timeout=60 * harness.SLOW) as client:
                client.send(wire.request_bytes("GET", "/", {**USER, "X-Break": "hang"}))
                self.assertEqual(self.new_worker(host, old, 30) != old, True)
                self.assertTrue(client.closed())
            self.assertEqual(host.get("/", USER, listener="edge").status, 200)
            host.wait_for_log("a worker hung and was ended")
            if not SANITIZED:
                line = parts(LINE.search(host.stderr)[0])
                self.assertEqual((line["what"], line["module"], line["hook"]), ("hung", "crasher", "on_request"))

    def test_a_worker_that_was_told_to_end_is_replaced(self):
        with harness.Microhost(config()) as host:
            old = self.worker(host)
            os.kill(old, signal.SIGTERM)
            self.new_worker(host, old)
            self.assertEqual(host.get("/", USER, listener="edge").status, 200)

    # ---- quarantine

    def crash_until_quarantined(self, host):
        for _ in range(3):
            old = self.worker(host)
            self.break_it(host, "segv")
            self.new_worker(host, old)

    @unittest.skipIf(SANITIZED, "a sanitizer reports crashes itself")
    def test_a_module_that_crashes_again_and_again_is_not_loaded_and_nobody_gets_in(self):
        folder = fixtures.Path(harness.tempfile.mkdtemp(prefix="microhost-test-"))
        try:
            module = folder / "crasher.so"
            shutil.copy(fixtures.FOLDER / "crasher.so", module)
            own = config(name="held")
            own["load"][0] = str(module)
            with harness.Microhost(own, folder=folder) as host:
                self.crash_until_quarantined(host)
                self.assert_held_back(host)
                entry = json.loads((host.state / "quarantine.json").read_text())["quarantined"][0]
                self.assertEqual((entry["module"], entry["version"]), ("crasher", "3.2.1"))
                self.assertIn("3 times", entry["reason"])
            with harness.Microhost(own, folder=folder) as host:  # it survives a restart
                self.assert_held_back(host)
                # Other bytes are another module.
                with open(module, "ab") as file:
                    file.write(b"\n")
                old = self.worker(host)
                done = self.upgrade(host)
                self.assertEqual(done.returncode, 0, done.stderr)
                harness.wait_for(lambda: not os.path.exists(f"/proc/{old}"), 15, "the end of the old worker")
                self.assertEqual(host.get("/", USER, listener="edge").status, 200)
                self.assertEqual(self.ready(host).status, 200)
                self.assertFalse((host.state / "quarantine.json").exists())
        finally:
            shutil.rmtree(folder)

    def assert_held_back(self, host):
        for headers in USER, {}:
            self.assertEqual(host.get("/", headers, listener="edge").status, 503)
        self.assertEqual(host.get("/", listener="open").status, 200)  # everything else goes on
        answer = self.ready(host)
        self.assertEqual(answer.status, 503)
        self.assertRegex(answer.text, r"\[-\]filter:crasher module crasher is in quarantine since 2")

    @unittest.skipIf(SANITIZED, "a sanitizer reports crashes itself")
    def test_a_module_that_crashes_while_it_is_loaded_is_found_out_and_can_be_released(self):
        with harness.Microhost(config(), env={"CRASHER_EARLY": "1"}) as host:
            self.assert_held_back(host)
            self.assertEqual(parts(LINE.search(host.stderr)[0])["hook"], "create")
            done = self.upgrade(host, "--release", "nobody")
            self.assertEqual((done.returncode, done.stderr), (1, 'microhost: "nobody" is not in quarantine\n'))
            done = self.upgrade(host, "--release=crasher")
            # The new one crashes as ever; the old one stays.
            self.assertEqual((done.returncode, done.stderr),
                             (1, "microhost: the new worker ended before it was ready (signal 11)\n"))
            self.assertFalse((host.state / "quarantine.json").exists())
            self.assertEqual(host.get("/", listener="open").status, 200)

    def modules(self, host, *words):
        done = subprocess.run([harness.PROGRAM, "--runtime_dir", str(host.runtime), "modules", *words],
                              env=harness.clean_environment(host.folder), capture_output=True, text=True, timeout=60 * harness.SLOW)
        return done.returncode, done.stdout + done.stderr

    @unittest.skipIf(SANITIZED, "a sanitizer reports crashes itself")
    def test_modules_release_ends_a_quarantine_and_loads_what_was_in_it(self):
        with harness.Microhost(config()) as host:
            self.crash_until_quarantined(host)
            status, listed = self.modules(host, "list")
            self.assertEqual(status, 0, listed)
            self.assertRegex(listed, r"(?m)^crasher +3\.2\.1 +0 +quarantined ")
            self.assertRegex(self.modules(host, "get", "crasher")[1], r"(?m)^detail +module crasher is in quarantine since 2")
            worker = self.worker(host)
            self.assertEqual(self.modules(host, "release", "crasher"), (0, "released and loaded crasher 3.2.1\n"))
            self.assertEqual(host.get("/", USER, listener="edge").status, 200)
            self.assertEqual(self.ready(host).status, 200)
            self.assertEqual(self.worker(host), worker)  # the same process goes on
            self.assertFalse((host.state / "quarantine.json").exists())
            self.assertEqual(self.modules(host, "release", "crasher"), (1, 'microhost: "crasher" is not in quarantine\n'))

    @unittest.skipIf(SANITIZED, "a sanitizer reports crashes itself")
    def test_a_listener_whose_module_is_in_quarantine_answers_503(self):
        own = config()
        own["listeners"]["own"] = {"module": "crasher", "address": "127.0.0.1:0", "filters": []}
        with harness.Microhost(own) as host:
            self.assertEqual(host.get("/", listener="own").status, 200)
            self.crash_until_quarantined(host)
            self.assertEqual(host.get("/", listener="own").status, 503)
            self.assertEqual(host.get("/", listener="open").status, 200)
            self.assertIn("[-]listener:own module crasher is in quarantine", self.ready(host).text)

    # ---- upgrade

    def test_an_upgrade_loses_no_request(self):
        with harness.Microhost(config()) as host:
            old, port = self.worker(host), host.port("edge")
            with under_load(host) as loads:
                for _ in range(2):
                    done = self.upgrade(host)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertRegex(done.stdout, r"^worker \d+ serves\n$")
                    new = self.worker(host)
                    self.assertNotEqual(new, old)
                    harness.wait_for(lambda: not os.path.exists(f"/proc/{old}"), 15, "the end of the old worker")
                    old = new
                before = [load.done for load in loads]
                harness.wait_for(lambda: all(l.done > b for l, b in zip(loads, before)), 10, "answers of the new worker")
            for load in loads:
                self.assertEqual((load.refused, load.ended, load.broken, load.wrong), (0, 0, [], []))
            self.assertEqual(port, host.port("edge"))
            self.assertEqual(self.ready(host).status, 200)
            self.assertIn(f'"pid":{old}', host.ask_control("GET", "/").text.replace(" ", ""))

    def test_an_upgrade_to_other_loops_keeps_every_socket_served(self):
        with harness.Microhost(config(loops=3)) as host:
            for loops in 1, 4:
                host.write_config(config(loops=loops, name=f"is-the-old-one-{loops}"))
                done = self.upgrade(host)
                self.assertEqual(done.returncode, 0, done.stderr)
                for _ in range(40):
                    self.assertEqual(host.get("/", USER, listener="edge").status, 200)

    def test_the_binary_on_disk_is_what_an_upgrade_starts(self):
        folder = fixtures.Path(harness.tempfile.mkdtemp(prefix="microhost-test-"))
        copy = folder / "microhost"
        shutil.copy(harness.PROGRAM, copy)
        program, harness.PROGRAM = harness.PROGRAM, copy
        try:
            with harness.Microhost(config()) as host:
                shutil.copy(program, folder / "new")
                (folder / "new").replace(copy)
                host.signal(signal.SIGUSR2)
                new = self.new_worker(host, self.worker(host))
                self.assertEqual(os.stat(f"/proc/{new}/exe").st_ino, copy.stat().st_ino)
                self.assertEqual(host.get("/", USER, listener="edge").status, 200)
                copy.unlink()
                copy.write_text("#!/nowhere/at-all\n")
                copy.chmod(0o755)
                done = self.upgrade_with(program, host)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, r"^microhost: .*cannot be started: .*\n$")
                self.assertEqual(self.worker(host), new)
                self.assertEqual(host.get("/", USER, listener="edge").status, 200)
        finally:
            harness.PROGRAM = program
            shutil.rmtree(folder)

    def upgrade_with(self, program, host):
        return subprocess.run([str(program), "upgrade"], capture_output=True, text=True, timeout=60 * harness.SLOW,
                              env=harness.clean_environment(host.folder))

    def test_a_new_worker_that_cannot_start_changes_nothing(self):
        with harness.Microhost(config(name="kept")) as host:
            old = self.worker(host)
            host.write_config({**config(name="kept"), "load": ["/none/such.so"]})
            done = self.upgrade(host, "--instance", "kept")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"^microhost: /none/such.so: .*\n$")
            self.assertEqual(self.worker(host), old)
            self.assertEqual(host.get("/", USER, listener="edge").status, 200)
            self.assertEqual(self.ready(host).status, 200)
            done = self.upgrade(host, "--instance", "other")
            self.assertEqual(done.returncode, 1)
            self.assertIn("does the instance run", done.stderr)
            self.assertEqual(self.upgrade(host, "--nonsense").returncode, 2)

    # ---- orphans

    def test_the_worker_goes_with_its_parent(self):
        host = harness.Microhost(config(name="orphan"))
        try:
            host.start()
            worker, port = self.worker(host), host.port("edge")
            host.kill()
            harness.wait_for(lambda: not os.path.exists(f"/proc/{worker}"), 15, "the end of the worker")
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), 5)
            self.assertFalse((host.runtime / "instances/orphan").exists())
        finally:
            host.kill()
            host._clean()

    # ---- the watch of hooks

    def test_a_hook_that_keeps_its_loop_is_reported(self):
        with harness.Microhost(config(supervise=False)) as host:
            for _ in range(3):
                self.assertEqual(host.get("/", {**USER, "X-Break": "slow"}, listener="edge").status, 200)

            def told():  # others may be told of as well where the machine is busy
                lines = [json.loads(l) for l in host.stderr.splitlines() if "a hook kept its loop waiting" in l]
                return [line for line in lines if line["field_module"] == "crasher"]

            said = harness.wait_for(told, 5, "a line about the hook")[0]
            self.assertEqual((said["level"], said["module"], said["hook"]), ("warn", "host/control", "on_request"))
            self.assertGreaterEqual(said["at_least_ms"], 10)
            # Not all three where the watch itself had to wait for a processor.
            sample = re.compile(r'^microhost_slow_hooks_total\{module="crasher",hook="on_request"\} [123]$', re.M)
            harness.wait_for(lambda: sample.search(host.ask_control("GET", "/metrics").text), 5, "the count")
            self.assertEqual(len(told()), 1)  # one line in ten seconds


if __name__ == "__main__":
    unittest.main()
