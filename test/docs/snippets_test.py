# SPDX-License-Identifier: Apache-2.0
"""Every fenced block of the pages is run or compiled, in order, in one folder a page: what a reader does works."""
import ast
import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import blocks
import harness

sys.path.append(str(harness.ROOT / "test"))

import toolchains  # noqa: E402

ROOT = harness.ROOT


def pages():
    """The Markdown files of the project, the top ones first."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    found = [ROOT / name for name in names if name and (ROOT / name).is_file()]
    return sorted(found, key=lambda page: (page.parent != ROOT, str(page)))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def wrong(command, expected, status, text):
    return "\n".join([f"$ {command}", "expected:", *expected, f"got (exit status {status}):", text])


class Reader:
    """Somebody who works through a page. His folder has what a clone has where the pages use it."""

    def __init__(self, folder):
        self.folder, self.running, self.ports = folder, [], {}
        self.missing = None  # why the rest of the page cannot be tried
        for name in ("dev", "examples", "plugin-sdk"):
            (folder / name).symlink_to(ROOT / name)
        self.env = harness.clean_environment(folder)
        self.env.update(
            MICROHOST_KIND=harness.PREFIX.name,
            PATH=f"{harness.PREFIX / 'bin'}:{self.env['PATH']}",
            PKG_CONFIG_PATH=f"{harness.PREFIX}/lib/pkgconfig:{harness.PREFIX}/share/pkgconfig",
        )

    def mine(self, text):
        """The text with a free port of ours for each that a page takes for granted."""
        return re.sub(r"(?<=127\.0\.0\.1:)80\d\d\b", lambda port: str(self.ports.setdefault(port[0], free_port())), text)

    # ---- one block

    def read(self, block):
        """Raises AssertionError with what was wrong, SkipTest with why it cannot be tried."""
        if block.instruction == "skip":
            raise unittest.SkipTest(block.argument or "no reason is given")
        if self.missing:
            raise unittest.SkipTest(self.missing)
        if block.instruction == "file":
            path = self.folder / block.argument
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        elif block.instruction == "same":
            self.same(block)
        elif block.instruction == "needs":
            self.needs(block.argument)
        elif block.instruction == "background":
            self.background(block)
            return
        elif block.instruction == "interrupt":
            self.interrupt()
        checker = getattr(self, "check_" + {"c++": "cpp", "bash": "sh"}.get(block.language, block.language), None)
        if checker:
            checker(block)

    def same(self, block):
        original = (ROOT / block.argument).read_text()
        assert original == block.text, f"differs from {block.argument}: copy it again"

    def needs(self, program):
        """Its compiler in front of what the reader has; from here on. Without it the rest of the page has nothing to work with."""
        try:
            found = {"cargo": toolchains.rust, "go": toolchains.go}[program]()
        except unittest.SkipTest as reason:
            self.missing = f"needs {program}"
            raise reason
        more = {name: text for name, text in found.items() if os.environ.get(name) != text}
        self.env.update(more, PATH=f"{harness.PREFIX / 'bin'}:{found['PATH']}")

    def check_sh(self, block):
        status, text = self.shell(block.text)
        assert status == 0, f"exit status {status}\n{text}"

    def check_console(self, block):
        for command, expected in blocks.session(block.text):
            deadline = time.monotonic() + (5 * harness.SLOW if block.instruction == "interrupt" else 0)
            while not blocks.matches(expected, (got := self.shell(command))[1]):
                assert time.monotonic() < deadline, wrong(command, expected, *got)

    def check_c(self, block):
        self.compiles(block, ["cc", "-std=c11", "-x", "c"])

    def check_cpp(self, block):
        self.compiles(block, ["c++", "-std=c++20", "-x", "c++"])

    def compiles(self, block, compiler):
        flags = self.shell("pkg-config --cflags microhost")
        if flags[0]:
            raise unittest.SkipTest("the installed SDK has no microhost.pc")
        command = [*compiler, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *shlex.split(flags[1]), "-"]
        done = subprocess.run(command, input=block.text, env=self.env, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def check_json(self, block):
        plain = re.sub(r"^\s*//.*$|(?<=[\s,{\[])//[^\n\"]*$", "", block.text, flags=re.M)
        content = json.loads(plain)
        if isinstance(content, dict) and {"load", "listeners"} <= content.keys():
            self.needs_program()
            path = self.folder / f"block-{block.line}.json"
            path.write_text(block.text)
            status, text = self.shell(f"microhost --check_config --config {path}")
            assert status == 0, f"exit status {status}\n{text}"

    def check_python(self, block):
        ast.parse(block.text)

    # ---- running

    def shell(self, text, seconds=300):
        """Runs it; (exit status, output)."""
        if "microhost " in text or "./dev run" in text or "curl" in text:
            self.needs_program()
        if "pkg-config" in text and not (harness.PREFIX / "lib/pkgconfig/microhost.pc").exists():
            raise unittest.SkipTest("the SDK is not installed yet")
        done = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", self.mine(text)], cwd=self.folder, env=self.env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)
        return done.returncode, done.stdout

    def needs_program(self):
        if not harness.PROGRAM.exists():
            raise unittest.SkipTest("microhost is not built yet")

    def background(self, block):
        self.needs_program()
        log = self.folder / f"background-{block.line}.log"
        with open(log, "w") as out:
            process = subprocess.Popen(["bash", "-eu", "-c", self.mine(block.text)], cwd=self.folder, env=self.demo(block),
                                       start_new_session=True, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        self.running.append((process, log))

        def printed():
            if process.poll() is not None and process.returncode:
                raise AssertionError(f"ended with {process.returncode}\n{log.read_text()}")
            if block.argument.startswith("file "):
                return list((self.folder / "runtime").glob(block.argument[5:]))
            return block.argument in log.read_text()

        try:
            harness.wait_for(printed, 300, repr(block.argument))
        except AssertionError as late:
            raise AssertionError(f"{late}\n{log.read_text()}") from None

    def demo(self, block):
        """The environment: ./dev run takes the demo's configuration with a port of ours."""
        if "./dev run" not in block.text:
            return self.env
        path = self.folder / "gateway.json"
        path.write_text(self.mine((ROOT / "examples/gateway.json").read_text()))
        return {**self.env, "MICROHOST_CONFIG": str(path)}

    def interrupt(self):
        process, _ = self.running.pop()
        os.killpg(process.pid, signal.SIGINT)
        process.wait(15)

    def leave(self):
        for process, _ in reversed(self.running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


class Snippets(unittest.TestCase):
    """One test a page is added below."""

    def page(self, page):
        skipped = []
        with tempfile.TemporaryDirectory(prefix="microhost-docs-") as folder:
            reader = Reader(Path(folder))
            try:
                for block in blocks.blocks(page):
                    with self.subTest(block.where):
                        try:
                            reader.read(block)
                        except unittest.SkipTest as reason:
                            skipped.append(f"{block.where}: {reason}")
            finally:
                reader.leave()
        if skipped:
            self.skipTest("; ".join(skipped))


class Blocks(unittest.TestCase):
    def test_dots_stand_for_anything(self):
        self.assertTrue(blocks.matches(["a ... d", "...", "end"], "a b c d\nx\ny\nend\n"))
        self.assertFalse(blocks.matches(["a ... d"], "a b c\n"))
        self.assertFalse(blocks.matches([], "something\n"))

    def test_a_session_is_cut_into_commands_and_outputs(self):
        text = "$ one \\\n> two\nout\n$ three\n"
        self.assertEqual(blocks.session(text), [("one \\\ntwo", ["out"]), ("three", [])])

    def test_without_its_compiler_the_rest_of_a_page_is_not_run(self):
        absent = mock.patch.object(toolchains, "go", side_effect=unittest.SkipTest("no go"))
        with tempfile.TemporaryDirectory() as folder, absent:
            reader = Reader(Path(folder))
            for instruction, text in (("needs", "touch first\n"), ("", "touch second\n")):
                with self.assertRaises(unittest.SkipTest):
                    reader.read(blocks.Block(Path("page.md"), 1, "sh", text, instruction, "go"))
            self.assertFalse({"first", "second"} & set(os.listdir(folder)))


for _page in pages():
    _name = re.sub(r"\W+", "_", str(_page.relative_to(ROOT)))
    setattr(Snippets, f"test_{_name}", lambda self, page=_page: self.page(page))


if __name__ == "__main__":
    unittest.main()
