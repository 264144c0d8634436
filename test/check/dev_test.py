# SPDX-License-Identifier: Apache-2.0
"""./dev without root: what it wants is said as one line to paste, and nothing else happens."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: A Debian where one package is missing, and a user who may not install it.
SYSTEM = {
    "id": "echo 1000",
    "sudo": "exit 1",
    "dpkg-query": 'for name; do :; done; [ "$name" = rapidjson-dev ] && exit 1; echo installed',
    "apt-cache": 'echo "  Candidate: 1.1.0"',
    "apt-get": 'echo "apt-get $*" >>"$CALLS"',
    "npm": "exit 1",
}


class WithoutRoot(unittest.TestCase):
    def test_the_line_that_installs_what_is_missing_is_printed_and_the_status_is_2(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for program, body in SYSTEM.items():
                (folder / program).write_text(f"#!/bin/sh\n{body}\n")
                (folder / program).chmod(0o755)
            calls = folder / "calls"
            done = subprocess.run([ROOT / "dev", "run"], capture_output=True, text=True, timeout=60,
                                  env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls)})
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("    sudo apt-get install -y --no-install-recommends --no-remove rapidjson-dev\n", done.stderr)
            self.assertEqual(done.stdout, "")
            # It asked how much there is to download, and installed nothing.
            self.assertEqual([line for line in calls.read_text().splitlines() if "--print-uris" not in line], [])


if __name__ == "__main__":
    unittest.main()
