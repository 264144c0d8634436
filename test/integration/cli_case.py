# SPDX-License-Identifier: Apache-2.0
"""The commands of modules/cli in a terminal, with a registry of their own and nothing that serves."""
import json
import subprocess
import tempfile
from pathlib import Path

import harness
import micro_replay
import wire

GREETER = "go.micro.srv.greeter"


class Case(harness.Case):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="microhost-cli-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.runtime = self.folder / "runtime"
        self.state = self.folder / "state"

    @property
    def registry(self):
        return self.runtime / "registry/v1"

    # ---- the terminal

    def popen(self, *words, env=None, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        return harness.Process([str(harness.PROGRAM), *map(str, words)], cwd=self.folder,
                               env=harness.clean_environment(self.folder, env), **options)

    def run_here(self, *words, status=0, env=None, given=None):
        """Standard output of microhost WORDS; standard error is kept in self.stderr."""
        options = {} if given is None else {"stdin": subprocess.PIPE}
        with self.popen(*words, env=env, **options) as process:
            out, self.stderr = process.communicate(given, timeout=30 * harness.SLOW)
        self.assertEqual(process.returncode, status, f"{words}\n{out}{self.stderr}")
        return out

    def fails(self, *words, status=1, says=(), **options):
        """Nothing on standard output, one line on standard error with all of `says`. Returns the line."""
        self.assertEqual(self.run_here(*words, status=status, **options), "")
        self.assertEqual(len(self.stderr.splitlines()), 1, self.stderr)
        for word in says:
            self.assertIn(word, self.stderr)
        return self.stderr

    # ---- what there is

    def register(self, name, address="127.0.0.1:9", **more):
        return harness.Microhost.register(self, name, address, **more)

    def register_text(self, text):
        """A node as it was on the wire."""
        content = json.loads(text)
        return self.register(content["name"], node=content["nodes"][0]["id"], **{k: v for k, v in content.items() if k != "name"})

    def greeter(self, script=None):
        """The service of go-micro 1.18.0: its registration and, byte for byte, its answer."""
        upstream = wire.Upstream(script) if script else micro_replay.Greeter()
        self.addCleanup(upstream.close)
        self.register_text(micro_replay.NODE_1_18.format(address=upstream.address))
        return upstream


def answer(body, error=None):
    """What a mucp service sends back, echoing the id of the call."""

    def reply(request, _):
        headers = [("Content-Type", "application/json"), ("Micro-Id", request.get("Micro-Id", "0"))]
        return wire.answer(b"" if error else body, headers=[*headers, *([("Micro-Error", error)] if error else [])])

    return reply
