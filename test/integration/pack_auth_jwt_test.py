# SPDX-License-Identifier: Apache-2.0
"""auth-jwt in the program: which tokens are believed, where keys come from, and what the handler learns."""
import json
import shutil
import threading
import time
import unittest

import harness
import wire
from guarding import Case, basic, replace
from issuer import Issuer, Jwks


class Jwt(Case):
    module = "auth-jwt"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not shutil.which("openssl"):
            raise unittest.SkipTest("there is no openssl")
        cls.issuer, cls.other = Issuer(), Issuer(kid="k2")
        cls.addClassCleanup(cls.issuer.close)
        cls.addClassCleanup(cls.other.close)

    def with_file(self, upstream, text=None, **config):
        return self.guarded(upstream, {"keys": self.issuer.pem if text is None else text}, keys_file="keys", **config)

    def test_lets_in_who_bears_a_token_and_says_who_it_is(self):
        with wire.Upstream() as upstream, self.with_file(upstream, roles_claim="realm_access.roles", claims=["tenant"], headers=["X-User: sub", "X-Tenant: tenant"]) as host:
            token = self.issuer.bearer(iss="id", tenant="t1", realm_access={"roles": ["viewer", "operator"]})
            for _ in range(2):  # verified, then remembered
                self.assertEqual(host.get("/", token + [("X-User", "root"), ("x_tenant", "evil")]).status, 200)
                seen = upstream.requests[-1]
                self.assertEqual(seen["X-Who"], "ali id viewer,operator tenant=t1")
                self.assertEqual((seen["X-User"], seen["X-Tenant"], seen["x_tenant"]), ("ali", "t1", None))
                self.assertEqual(seen["Authorization"], token[0][1])
            # What a token does not say a client does not say either.
            self.assertEqual(host.get("/", self.issuer.bearer() + [("X-Tenant", "evil")]).status, 200)
            self.assertIsNone(upstream.requests[-1]["X-Tenant"])

    def test_refusals_are_those_of_rfc_6750(self):
        forged = self.issuer.token()[:-8] + "AAAAAAAA"
        mine, theirs = self.issuer.token(), self.other.token()
        tries = {"expired": (self.issuer.token(exp=-3600), "it has expired"), "forged": (forged, "its signature is not valid"),
                 "another's": (theirs, "its signature is not valid"), "none": (self.issuer.token({"alg": "none"}), "its algorithm is not accepted"),
                 "HS256": (self.issuer.token({"alg": "HS256"}), "its algorithm is not accepted"), "crit": (self.issuer.token({"crit": ["x"]}), "the header asks for an extension"),
                 "aud": (self.issuer.token(aud="them"), "its audience is not accepted"), "no token": ("x", "the token is not of three parts"),
                 "long": ("a" * 9000, "the token is too long"), "nbf": (self.issuer.token(nbf=int(time.time()) + 3600), "it is not valid yet"),
                 "padded": (mine + "=", "the signature is no base64url")}
        with wire.Upstream() as upstream, self.with_file(upstream, realm="the api", query="token") as host:
            self.refused(host.get("/"), 401, "a token is required", 'Bearer realm="the api"')
            self.assertNotIn("error", host.get("/")["WWW-Authenticate"])
            self.refused(host.get("/", basic("ali")), 401, "a token is required")
            for name, (token, why) in tries.items():
                with self.subTest(name):
                    answer = host.get("/", [("Authorization", f"Bearer {token}")])
                    self.refused(answer, 401, why)
                    self.assertEqual(answer["WWW-Authenticate"], f'Bearer realm="the api", error="invalid_token", error_description="{why}"')
            for headers, target in (([("Authorization", f"Bearer {mine}")] * 2, "/"), ([("Authorization", f"Bearer {mine}")], f"/?token={mine}"), ([], f"/?token={mine}&token={theirs}")):
                answer = host.get(target, headers)
                self.refused(answer, 400, "more than one token")
                self.assertIn('error="invalid_request"', answer["WWW-Authenticate"])
            self.assertEqual(upstream.requests, [])

    def test_a_cookie_or_a_parameter_may_bear_it_and_is_taken_out(self):
        token = self.issuer.token()
        with wire.Upstream() as upstream, self.with_file(upstream, cookie="jwt", query="token", forward_token=False) as host:
            for target, headers in ((f"/a%20b?x=%31&token={token}&y", []), ("/a%20b?x=%31&y", [("Cookie", f"a=1; jwt={token}")]),
                                    ("/a%20b?x=%31&y", [("Authorization", f"Bearer {token}"), ("Cookie", f"jwt={token}; a=1")])):
                self.assertEqual(host.get(target, headers).status, 200)
                seen = upstream.requests[-1]
                self.assertEqual(seen.target, "/a%20b?x=%31&y")
                self.assertIn(seen["Cookie"], (None, "a=1"))
                self.assertNotIn(token[:40], seen.head.decode())
            self.refused(host.get("/", [("Cookie", "jwt=x")]), 401, "three parts")

    def test_a_changed_file_counts_at_once_and_a_damaged_one_does_not(self):
        with wire.Upstream() as upstream, self.with_file(upstream) as host:
            mine, theirs = self.issuer.bearer(), self.other.bearer()
            self.assertEqual(host.get("/", mine).status, 200)
            for text, why in (("rubbish", "it is neither PEM nor a JWKS"), (self.other.pem[:-30], "block 1"), ('{"keys":[]}', "no key that can be used")):
                replace(host, "keys", text)
                host.wait_for_log(why)
                self.assertEqual(host.get("/", mine).status, 200)
            self.assertIn("the keys read last still count", host.ask_control("GET", "/readyz?verbose").text)
            replace(host, "keys", json.dumps({"keys": [self.other.jwk()]}))
            harness.wait_for(lambda: host.get("/", theirs).status == 200, 5, "the new key")
            self.refused(host.get("/", mine), 401, "its key is not known")

    def test_without_keys_nobody_gets_in_until_there_are_some(self):
        with wire.Upstream() as upstream, self.guarded(upstream, keys_file="keys") as host:
            self.assertEqual(host.get("/", self.issuer.bearer()).status, 503)
            self.assertEqual(host.ask_control("GET", "/readyz").status, 503)
            replace(host, "keys", self.issuer.pem)
            harness.wait_for(lambda: host.get("/", self.issuer.bearer()).status == 200, 5, "the keys")
            self.assertEqual(host.ask_control("GET", "/readyz").status, 200)

    def test_shared_secrets_and_slow_curves(self):
        for algorithm in ("HS256", "ES384", "RS256"):
            issuer = Issuer(algorithm)
            self.addCleanup(issuer.close)
            source = {"secret_file": "keys"} if algorithm == "HS256" else {"keys_file": "keys"}
            text = issuer.secret + "\n" if algorithm == "HS256" else issuer.pem
            with self.subTest(algorithm), wire.Upstream() as upstream, self.guarded(upstream, {"keys": text}, **source) as host:
                token = issuer.bearer()
                for _ in range(2):
                    self.assertEqual(host.get("/", token).status, 200)
                self.assertEqual(upstream.requests[-1]["X-Who"], "ali auth-jwt")
                self.refused(host.get("/", [("Authorization", token[0][1][:-8] + "AAAAAAAA")]), 401, "its signature is not valid")

    def test_keys_of_an_address_are_there_for_the_first_request(self):
        for _ in range(8):  # requests that come just before the keys, and just after
            with wire.Upstream() as upstream, Jwks(self.issuer) as jwks, self.guarded(upstream, keys_url=jwks.url, loops=2) as host:
                self.assertEqual([host.get("/", self.issuer.bearer()).status for _ in range(4)], [200] * 4)
                self.assertEqual(jwks.asked, 1)
                self.assertEqual((jwks.requests[0].target, jwks.requests[0]["Accept"]), ("/keys?x=1", "application/json"))

    def test_an_unknown_key_makes_it_ask_once_while_the_requests_wait(self):
        with wire.Upstream() as upstream, Jwks(self.issuer) as jwks, self.guarded(upstream, keys_url=jwks.url, loops=2) as host:
            self.assertEqual(host.get("/", self.issuer.bearer()).status, 200)
            jwks.issuers.append(self.other)
            statuses, token = [], self.other.bearer()
            threads = [threading.Thread(target=lambda: statuses.append(host.get("/", token).status)) for _ in range(8)]
            [t.start() for t in threads], [t.join() for t in threads]
            self.assertEqual((statuses, jwks.asked), ([200] * 8, 2))
            for kid in ("x", "y", "z"):  # not again so soon
                self.refused(host.get("/", self.issuer.bearer({"kid": kid})), 401, "its key is not known")
            self.assertEqual(jwks.asked, 2)

    def test_keys_are_fetched_again_by_max_age_and_the_last_good_ones_stay(self):
        with wire.Upstream() as upstream, Jwks(self.issuer, cache="max-age=0") as jwks:
            with self.guarded(upstream, keys_url=jwks.url, refresh_min="200ms", refresh_unknown="1h") as host:
                token = self.issuer.bearer()
                self.assertEqual(host.get("/", token).status, 200)
                for reply, why in ((wire.answer(b"no", "500 Oops"), "it answered 500"), (wire.answer(b"rubbish"), "it is no JWKS"),
                                   (wire.answer(b" " * 2000000), "its answer is too long")):
                    jwks.reply = reply
                    host.wait_for_log(why, 10)
                    self.assertEqual(host.get("/", token).status, 200)
                    jwks.reply = None
                    harness.wait_for(lambda: "still count" not in host.ask_control("GET", "/readyz?verbose").text, 10, "the keys' return")
                jwks.issuers = [self.other]
                harness.wait_for(lambda: host.get("/", self.other.bearer()).status == 200, 10, "the new key")
                self.refused(host.get("/", token), 401)

    def test_without_an_answer_from_the_start_it_is_503_and_it_asks_again(self):
        gate = threading.Event()
        with wire.Upstream() as upstream, Jwks(self.issuer, gate=gate) as jwks:
            with self.guarded(upstream, keys_url=jwks.url, timeout="300ms") as host:
                with wire.Client(host.port()) as gone:
                    gone.send(wire.request_bytes("GET", "/", self.issuer.bearer()))
                self.assertEqual(host.get("/", self.issuer.bearer()).status, 503)
                host.wait_for_log("there are no keys: nobody gets in")
                self.assertEqual(host.ask_control("GET", "/readyz").status, 503)
                gate.set()
                harness.wait_for(lambda: host.get("/", self.issuer.bearer()).status == 200, 10, "the keys")

    def test_it_stops_while_requests_wait_for_keys(self):
        with wire.Upstream() as upstream, Jwks(self.issuer, gate=threading.Event()) as jwks:
            with self.guarded(upstream, keys_url=jwks.url, timeout="1s") as host, wire.Client(host.port()) as client:
                client.send(wire.request_bytes("GET", "/", self.issuer.bearer()))
                harness.wait_for(lambda: jwks.asked, 5, "the question")
                host.signal(15)
                self.assertEqual(client.response().status, 503)
                self.assertEqual(host.wait(), 0)

    def test_what_cannot_work_does_not_start(self):
        def door(**config):
            return {"load": ["forward.so", "auth-jwt.so"], "modules": {"forward": {"upstream": "127.0.0.1:9", "address": "127.0.0.1:0"}},
                    "filters": {"door": {"use": "auth-jwt", "config": config}}}
        url = "https://id.example/keys"
        for config, word in (({}, "keys_file"), ({"keys_file": "a", "keys_url": url}, "keys_file"), ({"keys_url": "id.example"}, "keys_url"),
                             ({"keys_url": "http://id.example/keys"}, "allow_http"), ({"keys_url": url, "algorithms": ["none"]}, "algorithms"),
                             ({"keys_url": url, "algorithms": ["HS256"]}, "secret"), ({"keys_file": "a", "headers": ["X-A"]}, "headers")):
            with self.subTest(word):
                self.refuses(door(**config), words=['filter "door" (auth-jwt): ', word])


if __name__ == "__main__":
    unittest.main()
