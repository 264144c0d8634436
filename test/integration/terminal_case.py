# SPDX-License-Identifier: Apache-2.0
"""A second terminal beside a program that serves: its commands, run to their end or watched as they go on."""
import contextlib
import os
import pty
import signal
import subprocess
import threading

import harness


class Going:
    """A command that goes on. Lines of both outputs are kept as they come."""

    def __init__(self, host, *words, env=None):
        self.out, self.err = [], []
        self.process = subprocess.Popen([str(harness.PROGRAM), *map(str, words)], env=harness.clean_environment(host.folder, env),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.readers = [threading.Thread(target=self._read, args=pair)
                        for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(stream, into):
        for line in stream:
            into.append(line.rstrip("\n"))

    def wait_for_out(self, condition, what, seconds=10):
        return harness.wait_for(lambda: condition(self.out), seconds, f"{what}; there is {self.out[-3:]} {self.err}")

    def wait_for_err(self, text, seconds=10):
        harness.wait_for(lambda: any(text in line for line in self.err), seconds, f"{text!r} on standard error")

    def end(self):
        """The exit status, without a signal of ours."""
        status = self.process.wait(15 * harness.SLOW)
        for reader in self.readers:
            reader.join()
        return status

    def interrupt(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.end()
        self.process.stdout.close()
        self.process.stderr.close()


class Screen:
    """A command on a terminal of its own; `text` is all that it has written."""

    def __init__(self, host, *words, env=None):
        self.leader, follower = pty.openpty()
        clean = harness.clean_environment(host.folder)
        clean.pop("NO_COLOR", None)
        env = {**clean, "TERM": "xterm", **(env or {})}
        self.process = subprocess.Popen([str(harness.PROGRAM), *map(str, words)], env=env, stdin=subprocess.DEVNULL, stdout=follower,
                                        stderr=follower, start_new_session=True)
        os.close(follower)
        os.set_blocking(self.leader, False)
        self.text = ""

    def look(self):
        with contextlib.suppress(OSError):
            while piece := os.read(self.leader, 65536):
                self.text += piece.decode(errors="replace")
        return self.text

    def wait_for(self, condition, what, seconds=15):
        return harness.wait_for(lambda: condition(self.look()), seconds, what)

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(10 * harness.SLOW)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.leader)


class Case(harness.Case):
    def terminal(self, host, *words, status=0, env=None):
        """Standard output; standard error is kept in self.stderr."""
        done = subprocess.run([str(harness.PROGRAM), *map(str, words)], env=harness.clean_environment(host.folder, env), cwd=host.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30 * harness.SLOW)
        self.stderr = done.stderr
        self.assertEqual(done.returncode, status, f"{words}\n{done.stdout}{done.stderr}")
        return done.stdout

    def fails(self, host, *words, status=1, says=()):
        """Nothing on standard output, one line on standard error with all of `says`."""
        self.assertEqual(self.terminal(host, *words, status=status), "")
        self.assertEqual(len(self.stderr.splitlines()), 1, self.stderr)
        for word in says:
            self.assertIn(word, self.stderr)
