# SPDX-License-Identifier: Apache-2.0
"""Modules as they were written and compiled for each release (test/abi/released), in the program of today: the promise itself."""
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import forwarder
import harness
import wire
from forwarder import forwarding

RELEASED = harness.ROOT / "test/abi/released"
LINK = ["-shared", "-fPIC", "-fvisibility=hidden", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread",
        f"-Wl,--version-script={harness.ROOT / 'plugin-sdk/module.map'}", "-Wl,-z,now"]
DIALECTS = {".c": ("c11",), ".cpp": ("c++17", "c++20")}
sys.path.append(str(harness.ROOT / "test/abi"))

import border  # noqa: E402


def echo(request, _):
    """Path and body as the upstream saw them."""
    return wire.answer(request.target.encode() + b" " + request.body, headers=[("X-Saw", ",".join(request.all("X-Set")))])


def variants():
    """(release, source, compiler, dialect)"""
    for release in sorted(RELEASED.iterdir()):
        for source in sorted(release.glob("golden.c*")):
            for compiler in ("gcc", "clang") if source.suffix == ".c" else ("g++", "clang++"):
                for dialect in DIALECTS[source.suffix] if shutil.which(compiler) else ():
                    yield release, source, compiler, dialect


class Golden(forwarder.Case):
    def each(self, suffix):
        for release, source, compiler, dialect in variants():
            if source.suffix != suffix:
                continue
            with self.subTest(f"{release.name} {compiler} {dialect}"), tempfile.TemporaryDirectory() as folder:
                module = Path(folder, "golden.so")
                subprocess.run([compiler, f"-std={dialect}", *LINK, f"-I{release / 'include'}", source, "-o", module], check=True)
                with wire.Upstream(echo) as upstream:
                    host = forwarding(upstream, str(module), filters={"g": {"use": "golden"}})
                    if compiler.startswith("clang"):  # a host that lends shorter changes nothing for them
                        host.env = {"MICROHOST_POISON": "1"}
                    with host:
                        yield host

    def ask(self, host, what, body=b""):
        return host.request("POST" if body else "GET", "/a?b=c", [("X-Do", what), ("X-Gone", "1")], body)

    def test_modules_in_c_work_as_they_did(self):
        for host in self.each(".c"):
            passed = self.ask(host, "nothing")
            self.assertEqual((passed.status, passed["X-Golden"], passed["X-Saw"]), (200, "ok", "1,2"))
            self.assertEqual((passed["X-Instance"], passed.body), ("g", b"/a?b=c "))
            self.assertEqual(self.ask(host, "rewrite").body, b"/new?d=e ")
            self.assertEqual(self.ask(host, "upper", b"abc").body, b"\x0fA\x1fB\x1dC\x00ABC")
            answer = self.ask(host, "respond")
            self.assertEqual((answer.status, answer["X-Own"], answer["X-Golden"], answer.body), (418, "yes", "ok", b"teapot"))
            self.assertEqual((self.ask(host, "wait").status, self.ask(host, "wait")["X-Golden"]), (200, "ok"))
            self.assertEqual((self.ask(host, "detach").status, self.ask(host, "detach")["X-Golden"]), (200, None))
            self.assertEqual(self.ask(host, "fail").status, 503)
            self.assertEqual(self.ask(host, "cancel").status, 503)
            for line in ("golden starts", "golden was cancelled", "golden is done"):
                host.wait_for_log(line)
            host.stop()
            host.wait_for_log("golden drains")
            host.wait_for_log("golden ends")

    def test_modules_in_cpp_work_as_they_did(self):
        for host in self.each(".cpp"):
            answer = self.ask(host, "wait", b"abc")
            self.assertEqual((answer.status, answer["X-Golden"], answer["X-Instance"]), (200, "ok", "g hello"))
            self.assertEqual(answer.body, b"[/a?b=c [abc]]")
            host.wait_for_log("golden is done")


def functions(header):
    """All but collect, which is for handlers (a draft), and create, which MH_MODULE names."""
    for d in border.declarations(header):
        if "(*" in d.text and "." in d.name and d.name not in ("mh_http_request.collect", "mh_module_entry_t.create"):
            yield d


class Sources(unittest.TestCase):
    def test_the_golden_modules_use_every_function_of_their_headers(self):
        for release in RELEASED.iterdir():
            text = "".join(source.read_text() for source in release.glob("golden.c*"))
            for header in sorted((release / "include/microhost").glob("*.h")):
                for member in functions(header):
                    name = member.name.rpartition(".")[2]
                    used = re.search(rf"(->|\.){name}\b|\b{name}[,}}]", text)
                    self.assertTrue(used, f"{release.name}: nobody uses {member.name}")

    def test_what_was_released_was_not_edited(self):
        for release in RELEASED.iterdir():
            done = subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=release, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, f"{release.name}: {done.stdout}{done.stderr}")
            sources = [p for suffix in ("*.h", "*.c", "*.cpp") for p in release.rglob(suffix)]
            self.assertEqual(len((release / "SHA256SUMS").read_text().splitlines()), len(sources))


if __name__ == "__main__":
    unittest.main()
