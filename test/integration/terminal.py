# SPDX-License-Identifier: Apache-2.0
"""A terminal with a person at it: keys go in, what is shown is waited for.

    with terminal.Terminal([str(harness.PROGRAM), "cli"], env, folder) as t:
        t.wait_for("microhost> ")
        t.type("list services\\r")
"""
import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

import harness

SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([@-~])|\x1b[=>78]")


class Screen:
    """Rows of characters, all that there ever were. It knows what libedit and our tables send to an xterm, and no more."""

    def __init__(self):
        self.rows, self.row, self.column = [[]], 0, 0

    def feed(self, text):
        at = 0
        while at < len(text):
            if sequence := SEQUENCE.match(text, at):
                self._obey(sequence)
                at = sequence.end()
            else:
                self._put(text[at])
                at += 1

    def _put(self, c):
        if c == "\r":
            self.column = 0
        elif c == "\n":
            self._down(1)
        elif c == "\b":
            self.column = max(0, self.column - 1)
        elif c != "\a":
            row = self.rows[self.row]
            row.extend(" " * (self.column - len(row)))
            row[self.column:self.column + 1] = [c]
            self.column += 1

    def _down(self, n):
        self.row += n
        self.rows.extend([] for _ in range(self.row + 1 - len(self.rows)))

    def _obey(self, sequence):
        if not sequence[2]:
            return
        n = int(sequence[1]) if sequence[1].isdigit() else None
        row = self.rows[self.row]
        if sequence[2] == "G":
            self.column = (n or 1) - 1
        elif sequence[2] == "C":
            self.column += n or 1
        elif sequence[2] == "D":
            self.column = max(0, self.column - (n or 1))
        elif sequence[2] == "A":
            self.row = max(0, self.row - (n or 1))
        elif sequence[2] == "B":
            self._down(n or 1)
        elif sequence[2] == "K":
            del row[self.column:]
        elif sequence[2] == "J":
            del row[self.column:], self.rows[self.row + 1:]
        elif sequence[2] == "P":
            del row[self.column:self.column + (n or 1)]
        elif sequence[2] == "@":
            row[self.column:self.column] = " " * (n or 1)

    def text(self, row, column):
        return "\n".join("".join(r) for r in [self.rows[row][column:], *self.rows[row + 1:]])


class Terminal:
    def __init__(self, command, env, folder, columns=100):
        self.screen, self.rest = Screen(), codecs.getincrementaldecoder("utf-8")("replace")
        self.seen = (0, 0)  # what was waited for ends there
        self.status = None
        self.pid, self.leader = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, {"TERM": "xterm", "LANG": "C.UTF-8", **env})
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def type(self, keys):
        os.write(self.leader, keys.encode())

    @property
    def text(self):
        """What stands behind what was waited for."""
        return self.screen.text(*self.seen)

    @property
    def all(self):
        return self.screen.text(0, 0)

    def _read(self, seconds):
        """False at the end of everything."""
        if not select.select([self.leader], [], [], seconds)[0]:
            return True
        with contextlib.suppress(OSError):  # EIO: nobody has the other side any more
            if piece := os.read(self.leader, 65536):
                self.screen.feed(self.rest.decode(piece))
                return True
        return False

    def wait_for(self, text, seconds=10):
        """Returns what is shown up to the end of `text`; what follows is for the next one."""
        deadline = time.monotonic() + seconds * harness.SLOW
        while (found := self.text.find(text)) < 0:
            if time.monotonic() > deadline or not self._read(0.1):
                raise AssertionError(f"{text!r} was not shown, but {self.text!r}")
        shown = self.text[:found + len(text)]
        rows = shown.count("\n")
        self.seen = (self.seen[0] + rows, len(shown) - shown.rfind("\n") - 1 + (0 if rows else self.seen[1]))
        return shown

    def wait_for_line(self, text, seconds=10):
        """Until that is the last line, whatever stood there before."""
        deadline = time.monotonic() + seconds * harness.SLOW
        while (last := self.all.rpartition("\n")[2]) != text:
            if time.monotonic() > deadline or not self._read(0.1):
                raise AssertionError(f"{text!r} is not the last line, but {last!r}")

    def is_raw(self):
        """Whether keys are not shown by the terminal itself."""
        return not termios.tcgetattr(self.leader)[3] & termios.ECHO

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, seconds=10):
        """The exit status, negative for a signal. What was shown last is in `all`."""
        deadline = time.monotonic() + seconds * harness.SLOW
        while self.status is None:
            self._read(0.02)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > deadline:
                raise AssertionError(f"still there; {self.text!r}")
        while select.select([self.leader], [], [], 0)[0] and self._read(0):
            pass
        return self.status

    def hang_up(self):
        """The window is closed."""
        if self.leader >= 0:
            os.close(self.leader)
        self.leader = -1

    def wait_after_hang_up(self, seconds=10):
        def ended():
            done, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if done else None
            return done

        harness.wait_for(ended, seconds, "the end")
        return self.status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        self.hang_up()
