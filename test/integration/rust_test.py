# SPDX-License-Identifier: Apache-2.0
"""Modules in Rust: the safe layer does what it says, a panic ends at the border. Built with Debian's rustc 1.63 where it is unpacked
(./dev test --all), else with the one that is there."""
import json
import shutil
import subprocess
import sys
import unittest

import forwarder
import harness
import wire
from forwarder import forwarding

sys.path.append(str(harness.ROOT / "test"))

import toolchains  # noqa: E402

TARGET = harness.ROOT / ".cache/cargo-target"


def echo(request, _):
    seen = {name: request.get(name) for name in ("X-Who", "X-Set", "X-Gone", "X-Posted") if request.get(name)}
    return wire.answer(json.dumps({"target": request.target, "body": request.body.decode(), **seen}).encode())


def refused(host):
    """What the program says when it does not start."""
    host.wait_ready = False
    try:
        host.start()
        assert host.wait() == 2, host.stderr
        return host.stderr
    finally:
        host.kill()
        host._clean()


class Moods(forwarder.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env, crate = toolchains.rust(), harness.ROOT / "test/fixtures/rust-moods"
        # Not where they lie: cargo writes beside them, and the lock file of one may be too new for another.
        build = harness.ROOT / ".cache/rust-moods"
        shutil.copytree(harness.ROOT / "plugin-sdk/rust", build / "sdk", dirs_exist_ok=True)
        shutil.copytree(crate, build, dirs_exist_ok=True)
        (build / "Cargo.toml").write_text((crate / "Cargo.toml").read_text().replace("../../../plugin-sdk/rust", "sdk"))
        for lock in build.rglob("Cargo.lock"):
            lock.unlink()
        toolchains.run(["cargo", "build", "--quiet", "--offline", "--release", "--target-dir", TARGET], env, cwd=build)
        cls.module = TARGET / "release/librust_moods.so"
        cls.doc = lambda self: toolchains.run(["cargo", "test", "--quiet", "--offline", "--target-dir", TARGET], env,
                                              cwd=build / "sdk/microhost")

    def host(self, upstream, poisoned=False, **config):
        filters = {"m": {"use": "rust-moods", "config": {"needed": "n", **config}}}
        host = forwarding(upstream, str(self.module), filters=filters)
        host.env = {"MICROHOST_POISON": "1"} if poisoned else {}
        return host

    def ask(self, host, what, body=b"", target="/a?b=c"):
        return host.request("POST" if body else "GET", target, [("X-Do", what), ("X-Gone", "1")], body)

    def test_a_panic_is_503_and_a_line_in_the_log_and_nothing_else(self):
        with wire.Upstream(echo) as upstream, self.host(upstream) as host:
            for _ in range(3):
                self.assertEqual(self.ask(host, "panic").status, 503)
                self.assertEqual(self.ask(host, "nothing").status, 200)
            host.wait_for_log("a mood at /a")
            host.wait_for_log('"module":"rust-moods"')
            host.wait_for_log("lib.rs:")
            self.assertNotIn("thread '", host.stderr)

    def test_what_new_says_or_panics_with_is_what_the_operator_reads(self):
        for text, said in (("refuse", "this text is refused"), ("panic", "moods was asked to panic")):
            with self.subTest(text):
                self.assertIn(f'filter "m" (rust-moods): {said}', refused(self.host(1, text=text)))

    def test_options_have_the_values_of_the_file_or_their_defaults(self):
        with wire.Upstream(echo) as upstream:
            with self.host(upstream) as host:
                self.assertEqual(self.ask(host, "nothing")["X-Seen"], 'words -7 1.5 true 1.5s ["a", "b"] n')
            with self.host(upstream, text="t", whole=3, real=0.25, yes=False, time="2s", list=[]) as host:
                self.assertEqual(self.ask(host, "nothing")["X-Seen"], "t 3 0.25 false 2s [] n")
        self.assertIn("/filters/m/config/whole must be an integer", refused(self.host(1, whole="x")))
        self.assertIn("needed", refused(forwarding(1, str(self.module), filters={"m": {"use": "rust-moods"}})))

    def test_requests_are_read_changed_answered_and_resumed(self):
        for poisoned in (False, True):
            with self.subTest(poisoned=poisoned), wire.Upstream(echo) as upstream, self.host(upstream, poisoned) as host:
                answer = self.ask(host, "respond")
                self.assertEqual((answer.status, answer["X-Own"], answer.body), (418, "yes", b"teapot"))
                answer = self.ask(host, "error")
                self.assertEqual((answer.status, answer.json()["detail"]), (403, 'say "please"'))
                self.assertEqual(self.ask(host, "principal").json()["X-Who"], 'alice moods ["viewer", "admin"]')
                answer = self.ask(host, "edit")
                self.assertEqual((answer.json(), answer["X-Note"]), ({"target": "/new?b=c", "body": "", "X-Set": "1"}, "kept"))
                self.assertEqual(self.ask(host, "resume").status, 200)
                self.assertEqual(self.ask(host, "post").json()["X-Posted"], "1")
                self.assertEqual(json.loads(self.ask(host, "upper", b"abc").body.lower())["body"], "abc")
                self.assertIn(b'"BODY": "ABC"', self.ask(host, "upper", b"abc").body)
                self.assertEqual(self.ask(host, "late").status, 503)
                host.wait_for_log("moods was cancelled: status -5")
                host.wait_for_log("moods is done")
                host.stop()
                host.wait_for_log("moods ends, 0 left")

    def test_it_shows_one_symbol_and_the_example_of_its_pages_runs(self):
        symbols = subprocess.run(["nm", "-D", "--defined-only", self.module], check=True, capture_output=True, text=True).stdout
        self.assertEqual([line.split()[-1] for line in symbols.splitlines()], ["mh_module_entry"])
        self.assertNotIn("UNIQUE", subprocess.run(["readelf", "--dyn-syms", "-W", self.module], capture_output=True, text=True).stdout)
        self.assertIn("2 passed", self.doc())


class AuthRust(forwarder.Case):
    def test_lets_in_who_bears_a_token_of_the_file(self):
        if not (forwarder.MODULES / "auth-rust.so").exists():
            self.skipTest("auth-rust is not built: no cargo")
        tokens = harness.ROOT / "examples/tokens.txt"
        filters = {"t": {"use": "auth-rust", "config": {"file": str(tokens)}}}
        with wire.Upstream() as upstream, forwarding(upstream, "auth-rust.so", filters=filters) as host:
            for value, status in (("Bearer demo", 200), ("bearer demo", 200), ("Bearer demo2", 401), ("Bearer ", 401), ("demo", 401),
                                  ("Bearer #", 401), ("Bearer \u00e9", 401), (None, 401)):
                with self.subTest(value):
                    answer = host.get("/", [("Authorization", value)] if value else [])
                    self.assertEqual(answer.status, status)
                    self.assertEqual(answer["WWW-Authenticate"], None if status == 200 else 'Bearer realm="microhost"')
        filters["t"]["config"]["file"] = "/nowhere/tokens"
        self.assertIn("the token file /nowhere/tokens: No such file", refused(forwarding(1, "auth-rust.so", filters=filters)))


if __name__ == "__main__":
    unittest.main()
