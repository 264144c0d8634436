# SPDX-License-Identifier: Apache-2.0
"""What the integration tests share: the program under test in a folder of its own, clients, and scripted upstreams.

    class Greeting(harness.Case):
        def test_hello_is_answered(self):
            with harness.Microhost({"load": ["api.so"], "listeners": {...}}) as host:
                self.assertEqual(host.get("/").status, 200)

Nothing sleeps: whatever is waited for has a deadline. Addresses are 127.0.0.1:0; the program writes the real ones to
RUNTIME/instances/NAME/listeners.json when it is ready: {"listeners": {NAME: {"address": "127.0.0.1:PORT"}},
"control": ".../control.sock", "pid": N}.
"""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import wire

ROOT = Path(__file__).resolve().parents[2]
PREFIX = Path(os.environ.get("MICROHOST_PREFIX") or ROOT / ".cache/prefix/dev")
PROGRAM = PREFIX / "bin/microhost"
SLOW = float(os.environ.get("MICROHOST_SLOW", "1"))  # sanitizers: every deadline is this many times longer


def wait_for(condition, seconds=5.0, what="the condition"):
    """Calls condition every few milliseconds until it gives something true, which is returned."""
    deadline = time.monotonic() + seconds * SLOW
    while True:
        if result := condition():
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds * SLOW:.1f} s")
        time.sleep(0.005)


def has_open(pid, kind):
    """Whether a file descriptor of the process is of this kind: "eventpoll", a path."""
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # it may just be closed
            if kind in os.readlink(link):
                return True
    return False


class Process(subprocess.Popen):
    """In a with statement. One that a failed test leaves is killed; Popen alone would wait for its end, for ever."""

    def __exit__(self, problem, *more):
        if problem:
            self.kill()
        return super().__exit__(problem, *more)


def clean_environment(folder, more=None):
    """Ours without anything that the program reads on its own account."""
    own = ("MICRO_", "MICROHOST_", "XDG_", "LISTEN_", "NOTIFY_", "STATE_")
    env = {key: value for key, value in os.environ.items() if not key.startswith(own)}
    env.update(HOME=str(folder), MICROHOST_RUNTIME_DIR=str(folder / "runtime"))
    env.update(STATE_DIRECTORY=str(folder / "state"), **(more or {}))
    return env


class Microhost:
    """The program, from its first line to its exit. Use it in a with statement: leaving it sends SIGTERM, wants exit
    status 0 and no report of a sanitizer, and shows stderr when something was wrong.

    config: a dict, written to config.json, or None; args: more arguments; env: more environment.
    folder: where runtime/ and state/ are, when two programs share them.
    """

    def __init__(self, config=None, *args, env=None, folder=None, ready=True):
        self.own_folder = folder is None
        self.folder = Path(folder or tempfile.mkdtemp(prefix="microhost-test-"))
        self.config, self.args, self.env, self.wait_ready = config, args, env, ready
        self.runtime, self.state = self.folder / "runtime", self.folder / "state"
        self.process, self.ready = None, {}
        self.stdin, self.stdout = subprocess.DEVNULL, None  # the log

    # ---- life

    def start(self):
        self.runtime.mkdir(mode=0o700, exist_ok=True)
        self.state.mkdir(mode=0o700, exist_ok=True)
        command = [str(PROGRAM)]
        if self.config is not None:
            self.write_config(self.config)
            command += ["--config", str(self.folder / "config.json")]
        self.log = tempfile.NamedTemporaryFile(dir=self.folder, prefix="stderr-", delete=False)
        self.process = subprocess.Popen(
            [*command, *map(str, self.args)],
            cwd=self.folder,
            env=clean_environment(self.folder, self.env),
            stdin=self.stdin,
            stdout=self.stdout or self.log,
            stderr=self.log,
        )
        if self.wait_ready:
            self.wait_until_ready()
        return self

    def wait_until_ready(self, seconds=10.0):
        try:
            self.ready = wait_for(self._listeners, seconds, "listeners.json")
        except AssertionError as late:
            self.kill()
            raise AssertionError(f"{late}\n{self.stderr}") from None

    def _listeners(self):
        for path in self.runtime.glob("instances/*/listeners.json"):
            with contextlib.suppress(OSError, ValueError):
                content = json.loads(path.read_text())
                if content.get("pid") == self.process.pid:
                    return content
        if self.process.poll() is not None:
            raise AssertionError(f"the program ended with {self.process.returncode} before it was ready")
        return None

    def write_config(self, config):
        text = config if isinstance(config, str) else json.dumps(config, indent=1)
        partial = self.folder / "config.json.new"
        partial.write_text(text)
        partial.replace(self.folder / "config.json")

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=10.0):
        """Waits for the end. Returns the exit status, negative for a signal."""
        try:
            return self.process.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError(f"still there after {seconds * SLOW:.0f} s\n{self.stderr}") from None

    def stop(self, expect=0):
        """SIGTERM, wait, look at the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        status = self.wait()
        text = self.stderr
        if status != expect or "Sanitizer" in text or "runtime error:" in text:
            raise AssertionError(f"exit status {status}, not {expect}\n{text}")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self._clean()
            raise

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.stop()
            else:
                self.kill()
                print(f"--- stderr of {PROGRAM.name}\n{self.stderr}---", file=sys.stderr)
        finally:
            self.kill()
            self._clean()

    def _clean(self):
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- looking at it

    @property
    def pid(self):
        return self.process.pid

    @property
    def stderr(self):
        return Path(self.log.name).read_text(errors="replace")

    def log_rows(self, part=""):
        """The lines of the log that are whole, as far as they hold `part`, read as JSON."""
        lines = self.stderr.splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n") and part in line]

    def wait_for_log(self, text, seconds=5.0):
        wait_for(lambda: text in self.stderr, seconds, f"a log line with {text!r}")

    @property
    def control(self):
        return self.ready["control"]

    def address(self, listener=None):
        """"127.0.0.1:PORT" of a listener, by default of the only one."""
        listeners = self.ready["listeners"]
        if listener is None and len(listeners) != 1:
            raise AssertionError(f"which listener? {sorted(listeners)}")
        return listeners[listener or next(iter(listeners))]["address"]

    def port(self, listener=None):
        return int(self.address(listener).rpartition(":")[2])

    def open_files(self):
        """How many, without those in /proc: the watchdog opens one for each loop when a hook is slow for the first time."""
        def target(link):
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                return os.readlink(link)

        targets = map(target, Path(f"/proc/{self.pid}/fd").iterdir())
        return sum(1 for t in targets if t and not t.startswith("/proc/"))

    def memory(self):
        """Resident bytes that are its own."""
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no Pss_Anon in smaps_rollup")

    # ---- talking to it

    def request(self, method, target, headers=(), body=b"", listener=None, **options):
        with wire.Client(self.port(listener), **options) as client:
            return client.request(method, target, headers, body)

    def get(self, target, headers=(), **options):
        return self.request("GET", target, headers, **options)

    def post(self, target, body=b"", headers=(), **options):
        return self.request("POST", target, headers, body, **options)

    def ask_control(self, method, target, body=b""):
        with wire.Client(self.control) as client:
            return client.request(method, target, (), body)

    # ---- its registry

    def register(self, name, address, endpoints=("Say.Hello",), node=None, pid=None, **more):
        """Writes a node's file, as any service does. Returns the path."""
        node = node or f"{name}-1"
        content = {
            "format": 1, "name": name, "version": "1.0.0", "metadata": None, "ttl_s": 60,
            "endpoints": [e if isinstance(e, dict) else {"name": e, "request": None, "response": None, "metadata": None}
                          for e in endpoints],
            "nodes": [{"id": node, "address": address, "metadata": {"protocol": "mucp"}}],
            "owner_pid": pid or os.getpid(), **more,
        }
        path = self.runtime / "registry/v1" / f"{node}.json"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_suffix(".tmp")
        partial.write_text(json.dumps(content))
        partial.replace(path)
        return path


class Service:
    """A mucp service in a process of its own: echo_service.py, or another script that registers itself.

    Its answer to a call is {"service", "endpoint", "headers", "body"}: what it got.
    """

    def __init__(self, host, name, *args, script=Path(__file__).parent / "echo_service.py"):
        self.name, self.registry = name, host.runtime / "registry/v1"
        self.process = subprocess.Popen(
            [sys.executable, str(script), name, *map(str, args)], env=clean_environment(host.folder)
        )
        wait_for(self._registered, 10, f"the registration of {name}")

    def _registered(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}")
        return [p for p in self.registry.glob("*.json") if f'"owner_pid": {self.process.pid}' in p.read_text()]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10 * SLOW)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


class Case(unittest.TestCase):
    """Shows whole texts when they differ; skipped as long as there is no program."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not PROGRAM.exists():
            raise unittest.SkipTest(f"{PROGRAM.name} is not built yet")

    def refuses(self, config, *args, words=()):
        """The program must end with status 2 and one line on stderr that has all the words. Returns the line."""
        host = Microhost(config, *args, ready=False)
        try:
            host.start()
            status = host.wait()
            text = host.stderr
        finally:
            host.kill()
            host._clean()
        self.assertEqual(status, 2, text)
        self.assertEqual(len(text.splitlines()), 1, text)
        for word in words:
            self.assertIn(word, text)
        return text
