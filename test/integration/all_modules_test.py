# SPDX-License-Identifier: Apache-2.0
"""Every module of this project in one process: it starts, serves, replaces each of them under requests, and stops."""
import json
import subprocess
import threading
import unittest

import harness
import wire
from guarding import basic
from issuer import Issuer
from pack_auth_test import BCRYPT

IDS = sorted(p.parent.name for p in (harness.ROOT / "modules").glob("*/meson.build") if p.parent.name != "shared")
JSON = [("Content-Type", "application/json")]


def answer_of_the_door(request, _):
    """What auth-service asks: everybody with the word is let in."""
    asked = json.loads(request.body)
    verdict = {"allow": "open" in json.dumps(asked)}
    return wire.answer(json.dumps(verdict).encode(), headers=JSON)


class All(harness.Case):
    def setUp(self):
        self.issuer = Issuer("HS256")
        self.addCleanup(self.issuer.close)
        self.door = wire.Upstream(answer_of_the_door)
        self.addCleanup(self.door.close)

    def configured(self):
        """Each filter guards a path of its own, those without a rule pass every request."""
        host = harness.Microhost(None)
        (host.folder / "htpasswd").write_text(f"bob:{BCRYPT}\n")
        secret = host.folder / "secret"
        secret.write_text(self.issuer.secret)
        secret.chmod(0o600)

        def on(prefix, use, **config):
            return {"use": use, "match": {"path_prefix": [prefix]}, "config": config}

        host.config = {
            "host": {"loops": 2, "rpc_address": ["127.0.0.1:0"]},
            "load": [f"{name}.so" for name in IDS] + ["greeter.so"],
            "modules": {
                "api": {"address": "127.0.0.1:0", "handler": "rpc"},
                "proxy": {"address": "127.0.0.1:0"},
                "web": {"address": "127.0.0.1:0"},
                "registry-mdns": {"interfaces": ["lo"], "port": 25353, "group6": ""},
                "registry-etcd": {"addresses": "127.0.0.1:9"},
                "router": {"routes": [{"path": "/fixed", "to": {"status": 299, "body": "fixed"}}]},
            },
            "listeners": {"router": {"address": "127.0.0.1:0", "filters": []}, "proxy": {"filters": []}, "web": {"filters": []}},
            "filters": {
                "basic": on("/greeter/basic", "auth-basic", file="htpasswd"),
                "jwt": on("/greeter/jwt", "auth-jwt", secret_file="secret", algorithms=["HS256"]),
                "service": on("/greeter/asked", "auth-service", service="go.micro.srv.door", headers=["X-Word"]),
                "limit": on("/greeter/limited", "rate-limit", rate="1/h", burst=1),
                "walls": on("/greeter/walled", "ip-allow", rules=["deny 127.0.0.1"]),
                "cors": on("/", "cors", origins=["https://app.example"]),
                "fields": on("/", "headers", response=[{"set": {"X-Whole": "yes"}}]),
                "small": on("/", "compress", min_size=1),
            },
        }
        return host

    def ask(self, host, path, headers=()):
        return host.post(path, b'{"name":"John"}', [*JSON, *headers], listener="api")

    def check(self, host):
        """Each module does what it is for."""
        hello = self.ask(host, "/greeter/say/hello", [("Origin", "https://app.example"), ("Accept-Encoding", "identity")])
        self.assertEqual((hello.status, hello.json()), (200, {"msg": "Hello John"}))
        self.assertEqual(hello["Access-Control-Allow-Origin"], "https://app.example")
        self.assertEqual(hello["X-Whole"], "yes")
        self.assertEqual(self.ask(host, "/greeter/say/hello", [("Accept-Encoding", "gzip")])["Content-Encoding"], "gzip")
        for path, right in (("/greeter/basic", basic("bob")), ("/greeter/jwt", self.issuer.bearer()), ("/greeter/asked", [("X-Word", "open")])):
            with self.subTest(path):
                self.assertIn(self.ask(host, path).status, (401, 403))
                self.assertNotIn(self.ask(host, path, right).status, (401, 403, 503))
        self.assertEqual(self.ask(host, "/greeter/walled").status, 403)
        self.assertEqual(host.get("/fixed", listener="router").status, 299)
        self.assertIn("go.micro.api.greeter", host.get("/services", listener="web").text)
        self.assertIn("go.micro.api.greeter", [s["name"] for s in host.get("/registry", listener="proxy").json()])

    def command(self, host, *words):
        done = subprocess.run([harness.PROGRAM, "--runtime_dir", host.runtime, *words], env=harness.clean_environment(host.folder),
                              capture_output=True, text=True, timeout=60 * harness.SLOW)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stderr}")
        return done.stdout

    def test_they_start_serve_are_replaced_one_by_one_and_stop(self):
        with self.configured() as host:
            host.register("go.micro.srv.door", self.door.address)
            harness.wait_for(lambda: self.ask(host, "/greeter/asked", [("X-Word", "open")]).status not in (403, 503), 10, "the door")
            self.check(host)
            self.assertNotEqual(self.ask(host, "/greeter/limited").status, 429)
            self.assertEqual(self.ask(host, "/greeter/limited").status, 429)
            listed = json.loads(self.command(host, "modules", "list", "--output", "json"))
            self.assertEqual(sorted(m["id"] for m in listed), sorted([*IDS, "greeter"]))
            ending, statuses, wrong = threading.Event(), [], []

            def clients():
                try:
                    with wire.Client(host.port("api")) as client:
                        while not ending.is_set():
                            statuses.append(client.request("POST", "/greeter/say/hello", JSON, b'{"name":"John"}').status)
                except Exception as problem:  # a thread's own end is nobody's failure
                    wrong.append(problem)

            load = threading.Thread(target=clients)
            load.start()
            try:
                for name in IDS:
                    with self.subTest(name):
                        self.command(host, "modules", "reload", name)
                        self.check(host)
            finally:
                ending.set()
                load.join()
            self.assertEqual(wrong, [])
            self.assertGreater(len(statuses), len(IDS))
            self.assertEqual(set(statuses), {200})
            self.assertIn("Hello Ann", self.command(host, "call", "greeter", "Say.Hello", "name=Ann"))


if __name__ == "__main__":
    unittest.main()
