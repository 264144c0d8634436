# SPDX-License-Identifier: Apache-2.0
"""The tours of examples/ run to their ends: no request is lost, nobody gets in without the token, and each step is in its table."""
import os
import re
import subprocess
import unittest

import harness

SANITIZED = harness.PREFIX.name in ("asan", "tsan")
ROW = re.compile(r"^(\d+) +(.*\S) +(\d+) +(\d+)  (.*)$")
STEPS = ["check", "the gateway starts", "plugin directory", "replaced by cp", "broken files", "replaced 20 times", "file is deleted",
         "crashes 3 times", "SIGHUP", "explain, try, doctor", "new plugin", "upgrade", "SIGTERM"]


@unittest.skipUnless(os.environ.get("MICROHOST_ALL"), "slow: only with --all")
@unittest.skipIf(SANITIZED, "it measures, and crashes on purpose")
class Tour(harness.Case):
    def test_every_step_goes_as_the_tour_says(self):
        # HOME stays as it is, for the sake of cargo.
        env = {key: value for key, value in os.environ.items() if not key.startswith(("MICRO_", "MICROHOST_"))}
        done = subprocess.run([harness.ROOT / "examples/tour-plugins.sh", harness.PREFIX], env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180)
        self.assertEqual(done.returncode, 0, done.stdout)
        rows = [found.groups() for line in done.stdout.partition("\nstep ")[2].splitlines() if (found := ROW.match(line))]
        self.assertEqual([int(number) for number, *_ in rows], list(range(1, len(STEPS) + 1)), done.stdout)
        for (number, what, sent, failed, verdict), words in zip(rows, STEPS):
            with self.subTest(words):
                self.assertIn(words, what)
                self.assertEqual((failed, verdict[:2]), ("0", "ok"))
                if 1 < int(number) < len(STEPS):
                    self.assertGreater(int(sent), 0)


@unittest.skipIf(SANITIZED, "it starts a process for each command")
class Environments(harness.Case):
    def test_a_command_is_the_same_there_and_from_here(self):
        env = {key: value for key, value in os.environ.items() if not key.startswith(("MICRO_", "MICROHOST_"))}
        done = subprocess.run([harness.ROOT / "examples/tour-environments.sh", harness.PREFIX], env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout)
        verdicts = [line.split(None, 1)[0] for line in done.stdout.partition("\n\n")[2].splitlines()]
        self.assertEqual(verdicts, ["ok"] * 15, done.stdout)


class Usage(harness.Case):
    def test_a_prefix_without_the_program_is_one_line(self):
        for tour in ("tour-plugins", "tour-environments"):
            done = subprocess.run([harness.ROOT / f"examples/{tour}.sh", "/none/such"], capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertEqual(done.stderr, f"{tour}: /none/such/bin/microhost: no such program\n")


if __name__ == "__main__":
    unittest.main()
