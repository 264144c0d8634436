# SPDX-License-Identifier: Apache-2.0
"""The examples, compiled against the installed SDK, in the program: what their READMEs promise."""
import json
import re
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness
import wire

MODULES = harness.PREFIX / "lib/microhost"
JSON = [("Content-Type", "application/json")]
ADDRESS = {"address": "127.0.0.1:0"}


def behind_api(*modules, **more):
    return {
        "load": ["api.so", *modules],
        "listeners": {"api": ADDRESS},
        "modules": {"api": {"handler": "rpc", "namespace": "go.micro.api"}},
        **more,
    }


def forwarding(upstream, *modules, **more):
    """Everything to that port, through filters of those modules."""
    return {"load": ["forward.so", *modules],
            "modules": {"forward": {**ADDRESS, "upstream": f"127.0.0.1:{upstream}", **more.pop("forward", {})}}, **more}


def hello(host, body, headers=()):
    return host.post("/greeter/say/hello", body, [*JSON, *headers])


class Examples(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not (MODULES / "greeter.so").exists():
            raise unittest.SkipTest("the examples are not built")

    def bearing(self, host, value):
        return host.get("/", [("Authorization", value)] if value else []).status


class Greeter(Examples):
    def test_says_hello_with_every_character_of_the_name(self):
        with harness.Microhost(behind_api("greeter.so")) as host:
            for name in ("John", 'a"b\\c', "Zo\u00eb \u2603", "tab\there", "\u0001"):
                with self.subTest(name):
                    answer = hello(host, json.dumps({"name": name}).encode())
                    self.assertEqual((answer.status, answer.json()), (200, {"msg": f"Hello {name}"}))

    def test_without_a_name_it_is_a_bad_request_of_that_service(self):
        with harness.Microhost(behind_api("greeter.so")) as host:
            for body in (b"{}", b'{"name":""}', b'{"name":7}', b"[]"):
                with self.subTest(body):
                    answer = hello(host, body)
                    self.assertEqual(answer.status, 400)
                    self.assertEqual(answer.json()["id"], "go.micro.api.greeter")

    def test_is_found_under_its_configured_name(self):
        config = behind_api("greeter.so")
        config["modules"]["greeter"] = {"name": "go.micro.api.hi"}
        with harness.Microhost(config) as host:
            self.assertEqual(host.post("/hi/say/hello", b'{"name":"John"}', JSON).json(), {"msg": "Hello John"})
            self.assertEqual(hello(host, b'{"name":"John"}').status, 404)


class GreeterProcess(Examples):
    def test_is_reachable_at_once_and_gone_when_killed(self):
        with harness.Microhost(behind_api()) as host:
            process = subprocess.Popen([MODULES / "greeter-process"], stdout=subprocess.PIPE, text=True,
                                       env=harness.clean_environment(host.folder))
            try:
                self.assertIn("go.micro.api.greeter at 127.0.0.1:", process.stdout.readline())
                harness.wait_for(lambda: hello(host, b'{"name":"John"}').status == 200, 5, "the service")
                self.assertEqual(hello(host, b'{"name":"J\\"x"}').json(), {"msg": 'Hello J"x'})
                self.assertEqual(hello(host, b"{}").status, 400)
                process.kill()
                harness.wait_for(lambda: hello(host, b'{"name":"John"}').status == 503, 5, "its end")
            finally:
                process.kill()
                process.wait()
                process.stdout.close()


class AuthToken(Examples):
    def started(self, upstream, text, **options):
        config = forwarding(upstream.port, "auth-token.so",
                            filters={"token": {"use": "auth-token", "config": {"file": "tokens", **options}}})
        host = harness.Microhost(config)
        (host.folder / "tokens").write_text(text)
        return host

    def replace(self, host, text):
        (host.folder / "new").write_text(text)
        (host.folder / "new").replace(host.folder / "tokens")

    def test_lets_in_who_bears_a_token(self):
        with wire.Upstream() as upstream, self.started(upstream, "# some\none alice viewer\nBearer two\n") as host:
            for value, status in {"Bearer one": 200, "bearer one": 200, "one": 200, "Bearer two": 200, "two": 200,
                                  "": 401, "three": 401, "Bearer": 401, "Bearer one alice": 401, "Basic one": 401,
                                  "on": 401, "onee": 401, "#": 401}.items():
                with self.subTest(value):
                    self.assertEqual(self.bearing(host, value), status)

    def test_the_refusal_is_an_error_json_with_a_challenge(self):
        with wire.Upstream() as upstream, self.started(upstream, "one\n", realm='a "b"') as host:
            answer = host.get("/")
            self.assertEqual(answer.json(), {"id": "auth-token", "code": 401, "detail": "a token is required",
                                           "status": "Unauthorized"})
            self.assertEqual(answer["WWW-Authenticate"], r'Bearer realm="a \"b\""')
            self.assertIn("invalid_token", host.get("/", [("Authorization", "x")])["WWW-Authenticate"])
            self.assertEqual(upstream.requests, [])

    def test_another_field_can_bear_it(self):
        with wire.Upstream() as upstream, self.started(upstream, "one\n", header="X-Key") as host:
            self.assertEqual(host.get("/", [("x-key", "one")]).status, 200)
            self.assertEqual(self.bearing(host, "one"), 401)

    def test_a_changed_file_counts_at_once(self):
        with wire.Upstream() as upstream, self.started(upstream, "one\n") as host:
            self.replace(host, "two\n")
            harness.wait_for(lambda: self.bearing(host, "two") == 200, 5, "the new token")
            self.assertEqual(self.bearing(host, "one"), 401)

    def test_a_file_that_went_away_leaves_the_last_tokens_and_is_shown(self):
        with wire.Upstream() as upstream, self.started(upstream, "one\n") as host:
            (host.folder / "tokens").unlink()
            host.wait_for_log("the tokens read last still count")
            self.assertEqual(self.bearing(host, "one"), 200)
            self.replace(host, "two\n")
            harness.wait_for(lambda: self.bearing(host, "two") == 200, 5, "the file's return")

    def test_without_a_file_it_is_refused(self):
        for filters in ({}, {"t": {"use": "auth-token"}}):
            self.refuses(forwarding(1, "auth-token.so", filters=filters), words=["file", "required"])

    def test_a_file_that_is_missing_at_the_start_is_refused(self):
        config = forwarding(9, "auth-token.so", filters={"t": {"use": "auth-token", "config": {"file": "no-file"}}})
        self.refuses(config, words=["no-file: there is no such file"])


class Limit(Examples):
    def limited(self, upstream, **options):
        return harness.Microhost(forwarding(upstream.port, "limit.so",
                                            filters={"limit": {"use": "limit", "config": options}}))

    def test_refuses_what_comes_after_the_burst_and_says_when_to_come_back(self):
        with wire.Upstream() as upstream, self.limited(upstream, count=3, period="1m") as host:
            self.assertEqual([host.get("/").status for _ in range(5)], [200, 200, 200, 429, 429])
            answer = host.get("/")
            self.assertIn(int(answer["Retry-After"]), range(18, 21))
            self.assertEqual(answer.json()["code"], 429)
            self.assertNotIn("X-RateLimit-Limit", answer)

    def test_every_value_of_a_header_has_its_own_budget(self):
        with wire.Upstream() as upstream, self.limited(upstream, rate=0.01, key="header:X-User") as host:
            seen = [host.get("/", [("X-User", u)] if u else []).status for u in ("a", "a", "b", "b", "", "")]
            self.assertEqual(seen, [200, 429] * 3)

    def test_the_budget_is_shown_when_asked_for(self):
        with wire.Upstream() as upstream, self.limited(upstream, rate=0.01, burst=2, headers=True) as host:
            answers = [host.get("/") for _ in range(3)]
            self.assertEqual([a["X-RateLimit-Remaining"] for a in answers], ["1", "0", "0"])
            self.assertEqual({a["X-RateLimit-Limit"] for a in answers}, {"2"})
            self.assertEqual(answers[2]["X-RateLimit-Reset"], answers[2]["Retry-After"])

    def test_a_senseless_rule_is_refused(self):
        for options in ({}, {"rate": 1, "count": 2, "period": "1s"}, {"rate": 0}, {"count": 1}, {"rate": 1, "key": "x"}):
            with self.subTest(options):
                filters = {"limit": {"use": "limit", "config": options}}
                self.refuses(forwarding(9, "limit.so", filters=filters), words=['filter "limit" (limit): '])


class Stamp(Examples):
    def test_adds_its_field(self):
        for options, field, value in (({}, "X-Served-By", "microhost"), ({"field": "X-A", "value": "b c"}, "X-A", "b c")):
            with self.subTest(options), wire.Upstream() as upstream:
                filters = {"s": {"use": "stamp", "config": options}}
                with harness.Microhost(forwarding(upstream.port, "stamp.so", filters=filters)) as host:
                    self.assertEqual(host.get("/")[field], value)

    def test_works_unconfigured_with_its_defaults_or_its_flags(self):
        with wire.Upstream() as upstream:
            for args, value in (((), "microhost"), (("--stamp_value", "flag"), "flag")):
                with self.subTest(args), harness.Microhost(forwarding(upstream.port, "stamp.so"), *args) as host:
                    self.assertEqual(host.get("/")["X-Served-By"], value)


class CommandPlugin(Examples):
    """rollout.so is found on the module path by its manifest; nothing serves."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="microhost-rollout-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        for node, version in (("a", "1.0"), ("b", "1.0"), ("c", "2.0")):
            harness.Microhost.register(self, "go.micro.srv.shop", "127.0.0.1:9", node=node, version=version)

    @property
    def runtime(self):
        return self.folder / "runtime"

    def microhost(self, *words):
        done = subprocess.run([harness.PROGRAM, *words], env=harness.clean_environment(self.folder), cwd=self.folder, capture_output=True, text=True,
                              timeout=20 * harness.SLOW, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def test_its_command_has_typed_arguments_and_rows(self):
        rows = [{"service": "go.micro.srv.shop", "version": "1.0", "nodes": 2}, {"service": "go.micro.srv.shop", "version": "2.0", "nodes": 1}]
        status, out, _ = self.microhost("rollout", "--output", "json")
        self.assertEqual((status, json.loads(out)), (0, rows))
        status, out, _ = self.microhost("rollout", "go.micro.srv.shop", "--at-least", "2", "--output", "raw")
        self.assertEqual((status, out), (0, "go.micro.srv.shop\t1.0\t2\n"))
        self.assertEqual(self.microhost("rollout", "--at-least", "x"), (2, "", 'microhost: at-least: "x" is no whole number\n'))
        self.assertEqual(self.microhost("rollout", "--version", "3")[0], 1)

    def test_its_values_are_completed(self):
        def completed(line):
            return self.microhost("__complete", line, str(len(line)))[1].split()

        self.assertEqual(completed("microhost rollo"), ["rollout"])
        self.assertEqual(completed("microhost rollout go"), ["go.micro.srv.shop"])
        self.assertEqual(completed("microhost rollout --version "), ["1.0", "2.0"])
        self.assertEqual(completed("microhost rollout --version 2"), ["2.0"])


class Forward(Examples):
    def test_passes_everything_on(self):
        with wire.Upstream(wire.answer(b"here")) as upstream, harness.Microhost(forwarding(upstream.port)) as host:
            answer = host.post("/a%20b?x=1", b"body")
            self.assertEqual((answer.status, answer.text), (200, "here"))
            request = upstream.requests[0]
            self.assertEqual((request.method, request.target, request.body), ("POST", "/a%20b?x=1", b"body"))

    def test_an_upstream_that_is_not_there_is_a_bad_gateway(self):
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))  # a port of ours where nobody listens
            with harness.Microhost(forwarding(deaf.getsockname()[1])) as host:
                answer = host.get("/")
                self.assertIn(answer.status, (502, 503))
                self.assertEqual(answer.json()["code"], answer.status)

    def test_an_upstream_that_does_not_answer_is_a_gateway_timeout(self):
        with wire.Upstream(lambda *_: b"") as upstream:
            with harness.Microhost(forwarding(upstream.port, forward={"response_timeout": "200ms"})) as host:
                answer = host.get("/")
                self.assertEqual((answer.status, answer.json()["code"]), (504, 504))


class Gateway(Examples):
    def test_the_configuration_of_dev_run_works(self):
        text = (harness.ROOT / "examples/gateway.json").read_text()
        text = re.sub(r'"127\.0\.0\.1:\d+"', '"127.0.0.1:0"', text)
        text = text.replace("examples/tokens.txt", str(harness.ROOT / "examples/tokens.txt"))
        with harness.Microhost(text) as host:
            self.assertEqual(hello(host, b'{"name":"John"}').status, 401)
            token = [("Authorization", "Bearer demo")]
            seen = [hello(host, b'{"name":"John"}', token) for _ in range(30)]
            self.assertEqual(seen[0].json(), {"msg": "Hello John"})
            self.assertEqual({a.status for a in seen}, {200, 429})


if __name__ == "__main__":
    unittest.main()
