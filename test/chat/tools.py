# SPDX-License-Identifier: Apache-2.0
"""What the tests of chat networks need of Node.js: the packages of package-lock.json in .cache/chat, which npm fetches once, and the
scripts of this folder, which run there."""
import fcntl
import json
import os
import shutil
import ssl
import subprocess
import unittest
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / ".cache/chat"


def skip(reason):
    raise unittest.SkipTest(reason)


def packages():
    """Puts what package-lock.json says into FOLDER/node_modules. Raises SkipTest with the reason when it cannot be had."""
    npm = shutil.which("npm") or skip("no npm: apt-get install npm")
    asked = subprocess.run(["node", "--version"], capture_output=True, text=True)
    if asked.returncode or int(asked.stdout.strip("v\n").split(".")[0]) < 18:
        skip("no Node.js 18 or newer: apt-get install npm")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted, mark = (HERE / "package-lock.json").read_bytes(), FOLDER / "installed-lock.json"
        if not mark.exists() or mark.read_bytes() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, FOLDER / name)
            done = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FOLDER, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
            if done.returncode:
                skip(f"npm ci: {' '.join(done.stdout.split())[-300:]}")
            mark.write_bytes(wanted)
        # Modules are looked for beside the script that imports them.
        for script in HERE.glob("*.mjs"):
            if not (FOLDER / script.name).exists() or (FOLDER / script.name).read_bytes() != script.read_bytes():
                shutil.copy(script, FOLDER / script.name)


class Script:
    """A script of this folder, until the with statement ends; `first` is the first line that it prints."""

    def __init__(self, name, *args):
        packages()
        env = {key: value for key, value in os.environ.items() if not key.startswith(("SLACK_", "NODE_"))}
        self.process = subprocess.Popen(["node", str(FOLDER / name), *args], cwd=FOLDER, env=env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.first = self.process.stdout.readline().strip()
        if not self.first:
            self.process.kill()
            raise AssertionError(f"{name} ended with {self.process.wait()} before it said anything")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class FakeSlack(Script):
    """secure: {"cert": PATH, "key": PATH} for TLS as localhost; `ca` is who has signed it."""

    def __init__(self, secure=None, ca=None):
        super().__init__("fake_slack.mjs", *([secure["cert"], secure["key"]] if secure else []))
        self.address = f"https://localhost:{self.first}" if secure else f"http://127.0.0.1:{self.first}"
        self.api = f"{self.address}/api"
        self.tls = ssl.create_default_context(cafile=ca) if secure else None

    def _ask(self, what, body=None):
        request = urllib.request.Request(f"{self.address}/fake/{what}", body)
        with urllib.request.urlopen(request, timeout=10, context=self.tls) as answer:
            return json.load(answer)

    def __getattr__(self, order):
        return lambda **what: self._ask(order, json.dumps(what).encode())

    @property
    def state(self):
        return self._ask("state")
