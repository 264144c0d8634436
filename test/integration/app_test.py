# SPDX-License-Identifier: Apache-2.0
"""An app of a module in the foreground: the terminal is its own, and as it was before when it ends."""
import fcntl
import os
import signal
import struct
import subprocess
import termios
import unittest

import fixtures
import harness
import terminal

TTY = 0b1111  # input, output and errors are a terminal, in UTF-8


def unread(pipe):
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


class App(harness.Case):
    def command(self, *words):
        return [str(harness.PROGRAM), "--module_path", str(fixtures.FOLDER), "keys", *words]

    def open(self, *words, **env):
        return terminal.Terminal(self.command(*words), {**harness.clean_environment(harness.ROOT), **env}, "/tmp")

    def test_keys_come_as_they_are_and_the_mode_is_put_back(self):
        with self.open() as t:
            t.wait_for(f"flags {TTY} colours 1 size 100 by 24 raw 0")
            t.type("a\x03\x1b[A")
            t.wait_for("61 03 1b 5b 41 ")
            self.assertTrue(t.is_raw())
            t.type("q")
            self.assertEqual(t.wait(), 7)
            self.assertFalse(t.is_raw())

    def test_a_new_size_is_told(self):
        with self.open() as t:
            t.wait_for("raw 0")
            fcntl.ioctl(t.leader, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 132, 0, 0))
            t.wait_for("now 132 by 40")
            t.type("q")
            self.assertEqual(t.wait(), 7)

    def test_a_signal_puts_the_mode_back_too(self):
        with self.open() as t:
            t.wait_for("raw 0")
            t.signal(signal.SIGTERM)
            self.assertEqual(t.wait(), 143)
            self.assertFalse(t.is_raw())

    def test_colours_are_for_terminals_that_want_them(self):
        for env, expected in (({"NO_COLOR": "1"}, 0), ({"TERM": "xterm-256color"}, 2), ({"COLORTERM": "truecolor"}, 3), ({"TERM": "dumb"}, 0)):
            with self.subTest(env), self.open(**env) as t:
                t.wait_for(f"colours {expected} ")
                t.type("q")
                self.assertEqual(t.wait(), 7)

    def run_piped(self, *words, given=b""):
        return subprocess.run(self.command(*words), input=given, capture_output=True, timeout=20 * harness.SLOW,
                              env=harness.clean_environment(harness.ROOT))

    def test_a_pipe_is_no_terminal_and_has_an_end(self):
        done = self.run_piped(given=b"ab")
        self.assertRegex(done.stdout, rb"^flags \d+ colours 0 size 80 by 24 raw -1\r\n61 62 end\r\n$", "raw is MH_E_UNSUPPORTED")
        self.assertEqual(done.returncode, 0)

    def test_a_file_is_read_to_its_end(self):
        with open(__file__, "rb") as file:
            done = subprocess.run(self.command(), stdin=file, capture_output=True, timeout=20 * harness.SLOW, env=harness.clean_environment(harness.ROOT))
        self.assertIn(b"raw", done.stdout)
        self.assertEqual(done.returncode, 7, "there is a q in it")

    def test_a_slow_reader_holds_it_up_and_nothing_is_lost(self):
        read, write = os.pipe()
        process = subprocess.Popen(self.command("flood"), stdin=subprocess.DEVNULL, stdout=write, stderr=subprocess.PIPE,
                                   env=harness.clean_environment(harness.ROOT))
        os.close(write)
        try:
            stat = f"/proc/{process.pid}/stat"
            harness.wait_for(lambda: unread(read) > 32768 and open(stat).read().rpartition(")")[2].split()[0] == "S", 5, "that it waits")
            total = 0
            while piece := os.read(read, 65536):
                total += len(piece)
            self.assertEqual(total, 1024 * 1024)
            self.assertEqual(process.communicate(timeout=20 * harness.SLOW)[1], b"1 times busy\n")
            self.assertEqual(process.returncode, 0)
        finally:
            process.kill()
            process.wait()
            os.close(read)

    def test_a_reader_that_leaves_ends_nothing_by_itself(self):
        read, write = os.pipe()
        process = subprocess.Popen(self.command("flood"), stdin=subprocess.DEVNULL, stdout=write, stderr=subprocess.PIPE,
                                   env=harness.clean_environment(harness.ROOT))
        os.close(write)
        os.close(read)
        self.assertIn(b"times busy", process.communicate(timeout=20 * harness.SLOW)[1])
        self.assertEqual(process.returncode, 0, "SIGPIPE did not")


if __name__ == "__main__":
    unittest.main()
