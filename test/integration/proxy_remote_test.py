# SPDX-License-Identifier: Apache-2.0
"""proxy.so for other machines: what it refuses to start with, tokens, roles, TLS, and commands over HTTP."""
import json
import unittest

import harness
import mucp
import wire
from proxy_test import JSON, Case, proxying, service
from tls_test import Certificates

TOKENS = "# who may\nread-me anna viewer\nwork-here ben operator\nrule-all carla viewer,admin\nbare\n"


def bearer(token):
    return [("Authorization", f"Bearer {token}")]


class Start(Case):
    def test_other_machines_need_tls_and_a_credential(self):
        config = {"load": ["proxy.so"]}
        for address in (":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
            self.refuses(config, f"--proxy_address={address}", words=(address, "TLS", "a credential", "insecure=true"))
        self.refuses(config, "--proxy_address=:0", "--proxy_credential=filter", words=("needs TLS:",))
        tls = ("--proxy_enable_tls", "--proxy_tls_cert_file=a.pem", "--proxy_tls_key_file=b.pem")
        self.refuses(config, "--proxy_address=:0", *tls, words=("needs a credential:",))
        self.refuses(config, "--proxy_enable_tls", words=("TLS needs", "tls_cert_file"))

    def test_micros_variable_says_where_it_listens(self):
        with harness.Microhost({"load": ["proxy.so"]}, env={"MICRO_PROXY_ADDRESS": "127.0.0.1:0"}) as host:
            self.assertEqual(host.get("/registry").status, 200)

    def test_insecure_is_the_operators_choice(self):
        with proxying("--proxy_insecure", "--proxy_address=0.0.0.0:0") as host:
            self.assertEqual(host.get("/registry").status, 200)

    def test_a_token_file_that_is_not_there_is_told(self):
        self.refuses({"load": ["proxy.so"]}, "--proxy_token_file=nowhere", words=("nowhere", "there is no such file"))


class Tokens(Case):
    def proxying(self, **options):
        host = proxying(token_file="tokens", local_role="", **options)
        (host.folder / "tokens").write_text(TOKENS)
        return host

    def statuses(self, host, *headers):
        """Reading, registering, calling."""
        body = json.dumps({"service": "a", "endpoint": "B.C"})
        return [host.get("/registry", headers).status, host.post("/registry", service(), headers).status,
                host.post("/rpc", body, [*JSON, *headers]).status]

    def test_roles_say_what_may_be_done(self):
        with self.proxying() as host:
            self.assertEqual(self.statuses(host), [401, 401, 401])
            self.assertEqual(host.get("/registry")["WWW-Authenticate"], 'Bearer realm="microhost"')
            self.assertEqual(self.statuses(host, *bearer("read-me")), [200, 403, 403])
            host.wait_for_log('refused \\"anna\\"')
            for token in ("work-here", "rule-all", "bare"):
                self.assertEqual(self.statuses(host, *bearer(token)), [200, 200, 404], token)
            self.assertEqual(self.statuses(host, *bearer("wrong")), [401, 401, 401])
            self.assertEqual(self.statuses(host, *bearer("work-her")), [401, 401, 401])
            self.assertEqual(host.get("/health").status, 200)
            host.wait_for_log('"principal":"ben"')
            for secret in ("work-here", "rule-all", "wrong"):
                self.assertNotIn(secret, host.stderr)

    def test_a_call_of_the_wire_protocol_needs_one_too_and_it_goes_no_further(self):
        upstream = wire.Upstream(wire.answer(b"{}", headers=JSON))
        with upstream, self.proxying() as host:
            host.register("go.micro.srv.greeter", upstream.address)
            harness.wait_for(lambda: b"greeter" in host.get("/registry", bearer("bare")).body, 5, "it")
            for token, passes in ((b"work-here", True), (b"read-me", False), (b"wrong", False)):
                with wire.Client(host.port()) as client:
                    client.send(mucp.request("Say.Hello", b"{}\n", extra=b"Authorization: Bearer " + token + b"\r\n"))
                    self.assertEqual(client.response("POST").get("Micro-Error") is None, passes)
            body = json.dumps({"service": "go.micro.srv.greeter", "endpoint": "Say.Hello"})
            self.assertEqual(host.post("/rpc", body, [*JSON, *bearer("bare")]).status, 200)
            self.assertEqual([r.get("Authorization") for r in upstream.requests], [None, None])

    def test_a_changed_file_counts_at_once_and_one_that_is_gone_locks_nobody_out(self):
        with self.proxying() as host:
            (host.folder / "tokens.new").write_text("other x viewer\n")
            (host.folder / "tokens.new").replace(host.folder / "tokens")
            harness.wait_for(lambda: host.get("/registry", bearer("other")).status == 200, 5, "the new token")
            self.assertEqual(host.get("/registry", bearer("read-me")).status, 401)
            (host.folder / "tokens").unlink()
            host.wait_for_log("the tokens read last still count")
            self.assertEqual(host.get("/registry", bearer("other")).status, 200)


class Filters(Case):
    """Who asks is said by a filter of the listener."""

    def test_principals_of_a_filter_have_their_roles_and_calls_hear_of_it_in_their_own_way(self):
        if not (harness.PREFIX / "lib/microhost/auth-token.so").exists():
            self.skipTest("the examples are not built")
        upstream = wire.Upstream(wire.answer(b"{}", headers=JSON))
        host = harness.Microhost({"load": ["proxy.so", "auth-token.so"], "modules": {"proxy": {"address": "127.0.0.1:0"}},
                                  "filters": {"door": {"use": "auth-token", "config": {"file": "tokens"}}}})
        (host.folder / "tokens").write_text(TOKENS)

        def call(*headers):
            extra = "".join(f"{k}: {v}\r\n" for k, v in headers).encode()
            with wire.Client(host.port()) as client:
                client.send(mucp.request("Say.Hello", b"{}\n", extra=extra))
                answer = client.response("POST")
            self.assertEqual(answer.status, 200)
            return json.loads(answer["Micro-Error"])["code"] if "Micro-Error" in answer else None

        with upstream, host:
            host.register("go.micro.srv.greeter", upstream.address)
            harness.wait_for(lambda: b"greeter" in host.get("/registry", bearer("read-me")).body, 5, "it")
            self.assertEqual((host.get("/registry").status, call()), (401, 401))  # the filter says so
            self.assertEqual((host.post("/registry", service(), bearer("read-me")).status, call(*bearer("read-me"))), (403, 403))
            self.assertEqual((host.post("/registry", service(), bearer("work-here")).status, call(*bearer("work-here"))), (200, None))
            self.assertEqual(host.post("/v1/commands/modules/list", b"", bearer("read-me")).status, 200)


class Tls(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates = Certificates()
        cls.server = cls.certificates.sign("server", "server")

    def test_from_another_address_it_takes_tls_and_a_token(self):
        host = proxying("--proxy_address=0.0.0.0:0", token_file="tokens", local_role="", enable_tls=True,
                        tls_cert_file=self.server["cert"], tls_key_file=self.server["key"])
        (host.folder / "tokens").write_text(TOKENS)
        with host:
            with wire.Client(host.port(), tls=self.certificates.client()) as client:
                self.assertEqual(client.request("GET", "/registry").status, 401)
                self.assertEqual(client.request("GET", "/registry", bearer("read-me")).status, 200)

    def test_a_listener_of_the_operators_in_plain_text_serves_this_machine_alone(self):
        config = {"load": ["proxy.so"], "host": {"trusted_proxies": ["127.0.0.1"]},
                  "listeners": {"open": {"module": "proxy", "address": "0.0.0.0:0"}}}
        far = [("X-Forwarded-For", "192.0.2.7")]
        with harness.Microhost(config) as host:
            self.assertEqual(host.get("/registry").status, 200)
            answer = host.get("/registry", far)
            self.assertEqual((answer.status, answer.json()["detail"]),
                             (403, "use TLS: requests from other machines are not taken in plain text"))
            host.wait_for_log("from another machine in plain text")
            answer = host.get("/registry", [*far, ("X-Forwarded-Proto", "https")])
            self.assertEqual(answer.status, 401)  # nobody: local_role is for this machine


class Commands(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = proxying(token_file="tokens")
        (cls.host.folder / "tokens").write_text(TOKENS)
        cls.host.start()

    @classmethod
    def tearDownClass(cls):
        try:
            cls.host.stop()
        finally:
            cls.host.kill()
            cls.host._clean()

    def run_command(self, path, token, body=b""):
        answer = self.host.post(f"/v1/commands/{path}", body, bearer(token) if token else ())
        lines = [json.loads(line) for line in answer.text.splitlines()] if answer.status == 200 else answer.json()
        return answer.status, lines

    def test_the_same_lines_as_over_the_control_socket(self):
        status, lines = self.run_command("modules/list", "read-me")
        near = self.host.ask_control("POST", "/v1/commands/modules/list").text.splitlines()
        self.assertEqual((status, lines[0], lines[-1]), (200, json.loads(near[0]), {"end": {"exit": 0}}))
        self.assertEqual([line["row"][0] for line in lines[1:-1]], ["proxy"])
        status, lines = self.run_command("modules/get", "read-me", b'{"args":{"id":"prox"},"timeout_ms":5000}')
        near = self.host.ask_control("POST", "/v1/commands/modules/get", b'{"args":{"id":"prox"}}').text.splitlines()
        self.assertEqual((status, lines), (200, [json.loads(line) for line in near]))
        self.assertEqual(lines[-1], {"end": {"exit": 1}})

    def test_who_shows_nothing_gets_nothing_although_local(self):
        self.assertEqual(self.run_command("modules/list", None)[0], 401)
        self.assertEqual(self.host.get("/v1/commands").status, 401)

    def test_roles_are_those_of_the_command(self):
        status, error = self.run_command("modules/reload", "read-me", b'{"args":{"id":"nothing"}}')
        self.assertEqual((status, error["code"]), (403, 403))
        status, lines = self.run_command("modules/reload", "work-here", b'{"args":{"id":"nothing"}}')
        self.assertEqual((status, lines[-1]["end"]["exit"]), (200, 1))
        self.host.wait_for_log("ben")  # the host's own line says who

    def test_mistakes_are_told(self):
        for path, body, status, words in (
            ("modules/lst", b"", 404, "modules list"),
            ("Modules/list", b"", 404, "there is no such command"),
            ("modules/get", b"", 400, "id"),
            ("modules/get", b"[]", 400, "the body is no JSON object"),
            ("modules/get", b'{"args":[]}', 400, "args must be an object"),
            ("modules/get", b'{"timeout_ms":-1}', 400, "timeout_ms"),
        ):
            got, error = self.run_command(path, "rule-all", body)
            self.assertEqual((got, error["id"]), (status, "go.micro.proxy"), path)
            self.assertIn(words, error["detail"])
        self.assertEqual(self.host.get("/v1/commands/modules/list", bearer("bare")).status, 405)

    def test_the_list_has_all_and_says_what_one_may_run(self):
        near = {c["name"]: c for c in self.host.ask_control("GET", "/v1/commands").json()}
        for token in ("read-me", "work-here"):
            seen = self.host.get("/v1/commands", bearer(token)).json()
            self.assertEqual([c["name"] for c in seen], sorted(near))
            may = [c["name"] for c in seen if c["allowed"]]
            self.assertEqual(("modules list" in may, "modules reload" in may), (True, token == "work-here"))
            for one in seen:
                self.assertEqual({**one, "allowed": True}, {k: v for k, v in near[one["name"]].items() if k != "surfaces"})


if __name__ == "__main__":
    unittest.main()
