# SPDX-License-Identifier: Apache-2.0
"""A module in Go: recognised by its runtime, kept for ever, and the only one of its kind in a process."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import forwarder
import harness
import wire
from forwarder import forwarding

sys.path.append(str(harness.ROOT / "test"))
sys.path.append(str(harness.ROOT / "test/abi"))

import exports  # noqa: E402
import toolchains  # noqa: E402


class Go(forwarder.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = {**toolchains.go(), "PKG_CONFIG_PATH": f"{harness.PREFIX}/lib/pkgconfig"}
        cls.folder = Path(tempfile.mkdtemp(prefix="microhost-go-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        for name in ("go-filter", "go-other"):
            source = cls.folder / name
            shutil.copytree(harness.ROOT / "examples/go-filter", source)
            (source / "module.c").write_text((source / "module.c").read_text().replace("go-filter", name))
            toolchains.run(["make", "-s", "-C", source], env)
        cls.first, cls.second = str(cls.folder / "go-filter/go-filter.so"), str(cls.folder / "go-other/go-filter.so")

    def test_it_serves_is_pinned_and_the_log_says_so(self):
        with wire.Upstream() as upstream, forwarding(upstream, self.first) as host:
            for number in (1, 2):
                self.assertIn(f"GET /a, request {number} of go1.", host.get("/a")["X-Go"])
            rows = {row["id"]: row for row in json.loads(host.ask_control("GET", "/v1/modules").body)}
            self.assertEqual(rows["go-filter"]["flags"], ["pinned"])
            self.assertEqual(host.stderr.count("has a Go runtime: it stays in memory until the program ends"), 1)
            self.assertGreater(len(os.listdir(f"/proc/{host.pid}/task")), 3)

    def test_a_second_one_is_refused_before_it_runs(self):
        done = subprocess.run([harness.PROGRAM, "--load", self.first, self.second, "--check_config"], capture_output=True, text=True,
                              env=harness.clean_environment(self.folder))
        self.assertEqual(done.returncode, 2)
        self.assertIn(f'{self.second}: has a Go runtime, and so has module "go-filter": two in a process stop each other', done.stderr)

    def test_it_shows_one_symbol(self):
        self.assertEqual(list(exports.problems(self.first)), [])
