# SPDX-License-Identifier: Apache-2.0
"""The bot's console: standard input, and a unix socket with several clients."""
import contextlib
import os
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import bot_case
import harness

USERS = {"me": {"identities": ["console:local"], "role": "admin"}}


def config(supervise=False, **bot):
    return {"host": {"loops": 1, "supervise": supervise}, "load": ["bot.so"], "modules": {"bot": {"inputs": ["console"], "users": USERS, "rate": "1000/s",
                                                                          "burst": 1000, **bot}}}


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10 * harness.SLOW)
        harness.wait_for(lambda: self._connect(path), 5, "the console's socket")
        self.file = self.socket.makefile("rwb", buffering=0)

    def _connect(self, path):
        with contextlib.suppress(OSError):
            self.socket.connect(str(path))
            return True

    def ask(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode() + b"\n")
        return self.line()

    def line(self):
        out = b""
        while not out.endswith(b"\n"):
            piece = self.socket.recv(1)
            if not piece:
                break
            out += piece
        return out.decode().rstrip("\n")

    def close(self):
        self.file.close()
        self.socket.close()


class Socket(bot_case.Case):
    @contextlib.contextmanager
    def console(self, mode=0o700, supervise=False, **bot):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, mode)
            path = Path(folder) / "bot.sock"
            with harness.Microhost(config(supervise, console_socket=str(path), **bot)) as host:
                yield host, path

    def test_several_clients_each_in_a_conversation_of_its_own(self):
        with self.console() as (host, path):
            one, two = Client(path), Client(path)
            self.assertEqual(one.ask("ping"), "pong")
            self.assertEqual(two.ask("microhost echo two"), "two")
            self.assertEqual(one.ask("whoami"), "you are me, with the role admin")
            self.assertEqual(one.line(), "your identity here is console:local")
            one.close()
            self.assertEqual(two.ask("ping"), "pong")
            two.close()

    def test_in_a_folder_for_everybody_nobody_is_known(self):
        with self.console(0o755) as (host, path):
            client = Client(path)
            self.assertEqual(client.ask("whoami"), "you are nobody that I know, with the role viewer")
            client.close()
            host.wait_for_log("is a stranger")

    def test_what_is_no_line_of_text(self):
        with self.console() as (host, path):
            client = Client(path)
            self.assertEqual(client.ask(b"echo \xff\xfe\n"), "the message is no UTF-8: I cannot read it")
            self.assertIn("at most 64 KiB", client.ask("x" * 70_000))
            self.assertIn("at most 64 KiB", client.ask("x" * 3_000_000))
            self.assertEqual(client.ask("ping"), "pong")
            self.assertEqual(client.ask(b"\r\n\r\nping\r\n"), "pong")
            client.close()

    def test_who_has_said_all_still_gets_the_answers(self):
        with self.console() as (host, path):
            client = Client(path)
            client.socket.sendall(b"echo one\necho two\n")
            client.socket.shutdown(socket.SHUT_WR)
            self.assertEqual([client.line(), client.line(), client.line()], ["one", "two", ""])
            client.close()

    def test_a_conversation_goes_on_over_a_reload(self):
        with self.console() as (host, path):
            client = Client(path)
            self.assertEqual(client.ask("ping"), "pong")
            client.socket.sendall(b"echo half")
            answer = host.ask_control("POST", "/v1/commands/modules/reload", b'{"args": {"id": "bot"}}')
            self.assertIn('"exit":0', answer.text)
            self.assertEqual(client.ask(" and half"), "half and half")
            late = Client(path)
            self.assertEqual(late.ask("ping"), "pong")
            late.close()
            client.close()

    def test_an_upgrade_hands_the_socket_on(self):
        with self.console(supervise=True) as (host, path):
            Client(path).close()
            over, refused = threading.Event(), []

            def knock():
                while not over.wait(0.02):
                    with socket.socket(socket.AF_UNIX) as door:
                        door.settimeout(10 * harness.SLOW)
                        try:
                            door.connect(str(path))
                        except OSError as problem:
                            refused.append(problem)

            visitor = threading.Thread(target=knock)
            visitor.start()
            try:
                for _ in range(3):
                    before = host.stderr.count('"link":"online"')
                    upgrade = subprocess.run([harness.PROGRAM, "upgrade"], env=harness.clean_environment(host.folder), capture_output=True, text=True)
                    self.assertEqual(upgrade.returncode, 0, upgrade.stderr)
                    harness.wait_for(lambda: host.stderr.count('"link":"online"') > before, 10, "the next worker's console")
                    client = Client(path)
                    self.assertEqual(client.ask("ping"), "pong")
                    client.close()
            finally:
                over.set()
                visitor.join()
            self.assertEqual(refused, [])
            self.assertNotIn("in use", host.stderr)

    def test_ping_is_quick(self):
        with self.console() as (host, path):
            client = Client(path)
            took = []
            for _ in range(200):
                began = time.perf_counter()
                self.assertEqual(client.ask("ping"), "pong")
                took.append(time.perf_counter() - began)
            took.sort()
            print(f"ping: median {took[100] * 1000:.2f} ms, 99 % within {took[197] * 1000:.2f} ms")
            client.close()


class StandardInput(bot_case.Case):
    def test_lines_in_answers_out(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            (folder / "runtime").mkdir(mode=0o700)
            environment = harness.clean_environment(folder)
            command = [str(harness.PROGRAM), "--load", "bot.so", "--inputs", "console"]
            process = subprocess.Popen(command, env=environment, cwd=folder, text=True, bufsize=1,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            try:
                for text, answer in (("ping", "pong"), ("list services", "go.micro.bot")):
                    process.stdin.write(text + "\n")
                    process.stdin.flush()
                    self.assertEqual(self.next_line(process), answer)
            finally:
                process.terminate()
                process.communicate(timeout=20 * harness.SLOW)
            self.assertEqual(process.returncode, 0)

    def next_line(self, process):
        """Standard output is where the log goes, too, when it is no terminal: its lines are JSON."""
        while True:
            line = process.stdout.readline().rstrip("\n")
            if not line.startswith("{"):
                return line


if __name__ == "__main__":
    unittest.main()
