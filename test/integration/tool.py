# SPDX-License-Identifier: Apache-2.0
"""Runs the verbs that are no server: tool.run("check", path) in a folder of its own."""
import os
import subprocess
import tempfile
from pathlib import Path

import harness

MODULES = harness.PREFIX / "lib/microhost"


class Case(harness.Case):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="microhost-tool-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def run_verb(self, *args, status=0, env=None, seconds=60):
        """Standard output; the exit status must be that one. What went to standard error is kept in self.stderr."""
        done = subprocess.run(
            [str(harness.PROGRAM), *map(str, args)], cwd=self.folder, env=harness.clean_environment(self.folder, env),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds * harness.SLOW)
        self.stderr = done.stderr
        self.assertEqual(done.returncode, status, f"{args}\n{done.stdout}{done.stderr}")
        return done.stdout

    def refuses_verb(self, *args, words=()):
        """Bad usage: exit status 2, nothing on standard output, one line on standard error with all the words."""
        self.assertEqual(self.run_verb(*args, status=2), "")
        self.assertEqual(len(self.stderr.splitlines()), 1, self.stderr)
        for word in words:
            self.assertIn(word, self.stderr)

    def compile(self, name, source, *flags):
        """A module from C, linked as a stranger's would be."""
        path = self.folder / f"{name}.c"
        path.write_text("#include <microhost/microhost.h>\n" + source)
        command = f"cc -O1 -w $(pkg-config --cflags microhost) {path} $(pkg-config --libs microhost) -o {name}.so {' '.join(flags)}"
        env = {**os.environ, "PKG_CONFIG_PATH": f"{harness.PREFIX}/lib/pkgconfig:{harness.PREFIX}/share/pkgconfig"}
        subprocess.run(command, shell=True, check=True, cwd=self.folder, env=env)
        return self.folder / f"{name}.so"

    def module(self, name, body="", identity=None, before="", **manifest):
        """A module whose create() runs `body` first; `before` stands in front of it."""
        members = "".join(f', "{key}": {value}' for key, value in manifest.items())
        return self.compile(name, f"""{before}
static const mh_module idle = {{.size = sizeof idle}};
static mh_status create(const mh_host *host, const mh_module **out) {{ {body} *out = &idle; return MH_OK; }}
MH_MODULE(MH_MANIFEST({{"id": "{identity or name}", "version": "1.2.3", "abi": {{"epoch": 1}}{members}}}), create)
""")
