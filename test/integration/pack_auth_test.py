# SPDX-License-Identifier: Apache-2.0
"""auth-basic, auth-jwt and auth-service in the program: who gets in, who does not, and what the handler learns."""
import base64
import hashlib
import hmac
import json
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import fixtures
import forwarder
import harness
import wire
from forwarder import forwarding

# All of "secret".
BCRYPT = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
SHA256 = "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2"
SHA512 = "$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/otop/Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8NJSAqXV/"
YESCRYPT = "$y$j75$saltsaltsalt$jyf/lxrpdyAIshWRo1x5DRC6KIE7sNRRtjcomR3PgHA"
SLOW = "$2y$11$abcdefghijklmnopqrstuuViuGI07N4McP9Kl.tD6XMEzyuvcY8LG"
MD5 = "$1$saltsalt$9xy1btjgzLYfb7hivXtC//"


def basic(user, password="secret"):
    pair = f"{user}:{password}" if isinstance(password, str) else password
    return [("Authorization", "Basic " + base64.b64encode(pair.encode() if isinstance(pair, str) else pair).decode())]


def replace(host, name, text):
    new = host.folder / f"{name}.new"
    new.write_text(text)
    new.replace(host.folder / name)


class Case(forwarder.Case):
    """`module` guards forward.so; whoami.so tells the upstream who came through."""
    module = ""

    def guarded(self, upstream, files=(), loops=1, on_error="closed", **config):
        host = forwarding(upstream, f"{self.module}.so", str(fixtures.FOLDER / "whoami.so"), loops=loops,
                          filters={"door": {"use": self.module, "on_error": on_error, "config": config},
                                   "whoami": {"use": "whoami"}})
        for name, text in dict(files).items():
            (host.folder / name).write_text(text)
        return host

    def refused(self, answer, status, *words):
        """An error JSON of the gateway's kind, with these words in its detail or in its challenge."""
        body = answer.json()
        self.assertEqual((answer.status, body["code"]), (status, status), body)
        self.assertEqual(list(body), ["id", "code", "detail", "status"])
        for word in words:
            self.assertIn(word, body["detail"] + (answer["WWW-Authenticate"] or ""))


class Basic(Case):
    module = "auth-basic"

    def htpasswd(self, upstream, text, **config):
        return self.guarded(upstream, {"htpasswd": text, **config.pop("files", {})}, file="htpasswd", **config)

    def test_lets_in_who_knows_the_password_of_each_kind_of_hash(self):
        lines = {"b": BCRYPT, "a": BCRYPT.replace("2y", "2a"), "c": BCRYPT.replace("2y", "2b"), "s5": SHA256, "s6": SHA512,
                 "y": YESCRYPT}
        text = "# people\n\n" + "".join(f"{u}:{h}\r\n" for u, h in lines.items())
        with wire.Upstream() as upstream, self.htpasswd(upstream, text) as host:
            for user in lines:
                with self.subTest(user):
                    self.assertEqual(host.get("/", basic(user)).status, 200)
                    self.refused(host.get("/", basic(user, "Secret")), 401, "wrong")
                    self.refused(host.get("/", basic(user, "secret\0x")), 401, "cannot be read")
                    self.assertEqual(upstream.requests[-1]["X-Who"], f"{user} auth-basic")
                    self.assertIsNone(upstream.requests[-1]["Authorization"])

    def test_everything_else_is_401_with_a_challenge_that_browsers_understand(self):
        tries = {"nothing": [], "unknown": basic("zoe"), "empty": basic("", ""), "no colon": basic("", b"bob"), "other": [("Authorization", "Bearer x")],
                 "no user": basic("", "secret"), "no password": basic("bob", ""), "no base64": [("Authorization", "Basic ====")],
                 "two": basic("bob") + basic("bob"), "no scheme": [("Authorization", basic("bob")[0][1][6:])],
                 "long": basic("bob", "x" * 9000), "latin1": basic("", "b\xf6b:secret".encode("latin1"))}
        with wire.Upstream() as upstream, self.htpasswd(upstream, f"bob:{BCRYPT}\n", realm='my "own"') as host:
            for name, headers in tries.items():
                with self.subTest(name):
                    answer = host.get("/", headers)
                    self.refused(answer, 401)
                    self.assertEqual(answer["WWW-Authenticate"], 'Basic realm="my \\"own\\"", charset="UTF-8"')
            self.assertEqual(upstream.requests, [])
            self.assertEqual(host.get("/", [("authorization", "bAsIc   " + basic("bob")[0][1][6:])]).status, 200)

    def test_other_hashes_are_refused_by_name_and_line_and_nobody_gets_in_by_them(self):
        lines = {"md5": MD5, "apr": "$apr1$saltsalt$9xy1btjgzLYfb7hivXtC//", "sha": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "des": "abNANd1rDfiNc",
                 "plain": "secret", "star": "*0", "costly": "$2y$15" + BCRYPT[6:], "short": BCRYPT[:-1], "rounds": SHA256.replace("1000", "999999999")}
        text = f"bob:{BCRYPT}\n" + "".join(f"{u}:{h}\n" for u, h in lines.items())
        with wire.Upstream() as upstream, self.htpasswd(upstream, text) as host:
            self.assertEqual(host.get("/", basic("bob")).status, 200)
            for user, hash_ in lines.items():
                for password in ("secret", hash_):
                    self.refused(host.get("/", basic(user, password)), 401)
            for line, name in enumerate(["MD5 crypt ($1$)", "MD5 of Apache ($apr1$)", "SHA-1 ({SHA})", "DES crypt", "plain text"], 2):
                self.assertRegex(host.stderr, rf'htpasswd, user .*"\w+.*" \(line {line}\): {name.replace("$", ".").replace("(", ".").replace(")", ".")}')
            self.assertIn("would take too long", host.stderr)

    def test_roles_come_from_the_file_and_the_option_and_the_field_is_the_filters_own(self):
        with wire.Upstream() as upstream, self.htpasswd(
                upstream, f"bob:{BCRYPT}\nann:{BCRYPT}\n", files={"groups": "viewer: bob ann\noperator: bob\n"}, groups_file="groups",
                roles=["admin: bob", "viewer: bob"], user_header="X-User", forward_authorization=True) as host:
            spoofed = [("X-User", "root"), ("x_user", "root")]
            for user, roles in (("bob", "admin,viewer,operator"), ("ann", "viewer")):
                self.assertEqual(host.get("/", basic(user) + spoofed).status, 200)
                seen = upstream.requests[-1]
                self.assertEqual(seen["X-Who"], f"{user} auth-basic {roles}")
                self.assertEqual((seen.all("X-User"), seen["x_user"]), ([user], None))
                self.assertEqual(seen["Authorization"], basic(user)[0][1])
            replace(host, "groups", "")
            harness.wait_for(lambda: host.get("/", basic("ann")).status == 200 and upstream.requests[-1]["X-Who"] == "ann auth-basic", 5, "the new groups")

    def test_a_changed_file_counts_at_once_for_cached_passwords_too(self):
        with wire.Upstream() as upstream, self.htpasswd(upstream, f"bob:{BCRYPT}\n") as host:
            self.assertEqual(host.get("/", basic("bob")).status, 200)
            replace(host, "htpasswd", f"ann:{BCRYPT}\n")
            harness.wait_for(lambda: host.get("/", basic("ann")).status == 200, 5, "the new file")
            self.refused(host.get("/", basic("bob")), 401)

    def test_a_damaged_file_leaves_the_last_good_one_and_says_so(self):
        with wire.Upstream() as upstream, self.htpasswd(upstream, f"bob:{BCRYPT}\n") as host:
            for text, why in ((f"ann:{BCRYPT}\nbroken\n", "htpasswd, line 2: it is no USER:HASH"), (f"ann:{BCRYPT}\nann:{BCRYPT}", '"ann" is there twice'),
                              (None, "htpasswd: there is no such file")):
                with self.subTest(why):
                    replace(host, "htpasswd", text) if text else (host.folder / "htpasswd").unlink()
                    host.wait_for_log(why.replace('"', '\\"') if '"' in why else why)
                    self.assertEqual(host.get("/", basic("bob")).status, 200)
                    self.refused(host.get("/", basic("ann")), 401)
            self.assertIn("what was read last still counts", host.ask_control("GET", "/readyz?verbose").text)
            replace(host, "htpasswd", "")
            host.wait_for_log("nobody gets in")
            self.refused(host.get("/", basic("bob")), 401)

    def test_what_cannot_work_does_not_start(self):
        def door(**config):
            return {"load": ["forward.so", "auth-basic.so"], "modules": {"forward": {"upstream": "127.0.0.1:9", "address": "127.0.0.1:0"}},
                    "filters": {"door": {"use": "auth-basic", "config": config}}}
        self.refuses(door(), words=["file", "required"])
        self.refuses(door(file="no-file"), words=["no-file: there is no such file"])
        self.refuses(door(file="/dev/null"), words=["/dev/null"])
        self.refuses(door(file="x", user_header="Host"), words=["user_header"])
        self.refuses(door(file="x", roles=["no colon"]), words=["roles", "line 1"])

    def computed(self, host):
        """How often a worker was at it."""
        lines = host.ask_control("GET", "/metrics").text.splitlines()
        return sum(int(l.split()[-1]) for l in lines if "calls_total" in l and 'hook="work.run"' in l)

    def test_a_cached_password_costs_nothing_and_many_at_once_are_computed_once(self):
        with wire.Upstream() as upstream, self.htpasswd(upstream, f"bob:{SLOW}\n") as host:
            statuses = []
            threads = [threading.Thread(target=lambda: statuses.append(host.get("/", basic("bob")).status)) for _ in range(12)]
            [t.start() for t in threads], [t.join() for t in threads]
            self.assertEqual(statuses, [200] * 12)
            for _ in range(20):
                self.assertEqual(host.get("/", basic("bob")).status, 200)
            self.assertEqual(self.computed(host), 1)
            self.refused(host.get("/", basic("bob", "x")), 401)
            self.refused(host.get("/", basic("bob", "x")), 401)  # what is wrong is not kept
            self.assertEqual(self.computed(host), 3)

    def test_nobody_takes_as_long_as_a_wrong_password(self):
        with wire.Upstream() as upstream, self.htpasswd(upstream, f"bob:{SLOW}\nold:{MD5}\n") as host:
            def seconds(user, password):
                started = time.monotonic()
                self.refused(host.get("/", basic(user, password)), 401, "the user or the password is wrong")
                return time.monotonic() - started
            known = min(seconds("bob", f"wrong{i}") for i in range(3))
            for user in ("zoe", "old"):
                self.assertGreater(min(seconds(user, f"wrong{i}") for i in range(3)), known / 3)

    def test_too_slow_a_check_is_as_on_error_says_never_a_pass(self):
        for on_error, status in (("closed", 503), ("open", 200)):
            with self.subTest(on_error), wire.Upstream() as upstream:
                with self.htpasswd(upstream, f"bob:{SLOW.replace('$11', '$14')}\n", timeout="100ms", on_error=on_error) as host:
                    self.assertEqual(host.get("/", basic("bob", "x")).status, status)

    def test_clients_that_leave_while_it_computes_do_no_harm(self):
        with wire.Upstream() as upstream, self.htpasswd(upstream, f"bob:{SLOW}\n", loops=2) as host:
            for i in range(20):
                with wire.Client(host.port()) as client:
                    client.send(wire.request_bytes("GET", "/", basic("bob", f"x{i % 3}")))
            self.assertEqual(host.get("/", basic("bob")).status, 200)
            self.assertLess(self.computed(host), 12)  # nobody waits for most of them


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """An ES256, ES384 or RS256 key, made and used by openssl's command line, or a secret for HS256."""

    def __init__(self, algorithm="ES256", kid="k1"):
        self.algorithm, self.kid, self.folder = algorithm, kid, Path(tempfile.mkdtemp(prefix="microhost-issuer-"))
        self.secret = hashlib.sha256(str(self.folder).encode()).hexdigest()
        if algorithm[0] != "H":
            kind = ["rsa:2048"] if algorithm[0] == "R" else ["ec", "-pkeyopt", f"ec_paramgen_curve:P-{algorithm[2:]}"]
            kind = [kind[0].split(":")[0], *(["-pkeyopt", "rsa_keygen_bits:2048"] if algorithm[0] == "R" else kind[1:])]
            self.openssl("genpkey", "-algorithm", *kind, "-out", "key.pem")
            self.pem = self.openssl("pkey", "-in", "key.pem", "-pubout").decode()

    def openssl(self, *args, stdin=b""):
        return subprocess.run(["openssl", *args], cwd=self.folder, input=stdin, check=True, capture_output=True).stdout

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def jwk(self):
        """Of an elliptic curve: the last bytes of the public key are its point."""
        size = int(self.algorithm[2:]) // 8
        point = self.openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER")[-2 * size:]
        return {"kty": "EC", "crv": f"P-{self.algorithm[2:]}", "kid": self.kid, "use": "sig", "alg": self.algorithm,
                "x": base64url(point[:size]), "y": base64url(point[size:])}

    def sign(self, text):
        if self.algorithm[0] == "H":
            return hmac.new(self.secret.encode(), text, hashlib.sha256).digest()
        signature = self.openssl("dgst", f"-sha{self.algorithm[2:]}", "-sign", "key.pem", stdin=text)
        return signature if self.algorithm[0] == "R" else raw_ecdsa(signature, int(self.algorithm[2:]) // 8)

    def token(self, header=None, exp=60, **claims):
        head = {"alg": self.algorithm, "kid": self.kid, **(header or {})}
        body = {"sub": "ali", "exp": int(time.time()) + exp, **claims}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (head, body))
        return text + "." + base64url(self.sign(text.encode()))

    def bearer(self, *args, **claims):
        return [("Authorization", "Bearer " + self.token(*args, **claims))]


def raw_ecdsa(der, size):
    """R and S side by side, from SEQUENCE { INTEGER, INTEGER } of less than 128 bytes."""
    r_end = 4 + der[3]
    r, s = der[4:r_end], der[r_end + 2:]
    return b"".join(n.lstrip(b"\0").rjust(size, b"\0") for n in (r, s))


class Jwks(wire.Upstream):
    """Publishes the keys of issuers; `reply` is another answer instead; asked: how often it was asked."""

    def __init__(self, *issuers, cache="", gate=None):
        self.issuers, self.cache, self.reply, self.gate = list(issuers), cache, None, gate
        super().__init__(self.publish)

    def publish(self, request, _):
        if self.gate:
            self.gate.wait(wire.TIMEOUT)
        headers = [("Cache-Control", self.cache)] if self.cache else []
        return self.reply or wire.answer(json.dumps({"keys": [i.jwk() for i in self.issuers]}), headers=headers)

    @property
    def asked(self):
        return len(self.requests)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/keys?x=1"


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


class Door(wire.Upstream):
    """A service that decides: `say` is its answer, or a function of the question; asked: the questions."""

    def __init__(self, say):
        self.say = say
        super().__init__(lambda request, _: self.decide(json.loads(request.body)))

    def decide(self, asked):
        said = self.say(asked) if callable(self.say) else self.say
        return said if said is None or isinstance(said, bytes) else wire.answer(json.dumps(said), headers=[("Content-Type", "application/json")])

    @property
    def asked(self):
        return [json.loads(r.body) for r in self.requests]


class AuthService(Case):
    module = "auth-service"

    def behind(self, upstream, door, **config):
        """The program with the service registered: a context that gives the host."""
        host = self.guarded(upstream, service="go.micro.srv.door", **config)
        if door:
            host.runtime.mkdir(mode=0o700, exist_ok=True)
            host.register("go.micro.srv.door", door.address, endpoints=("Auth.Check",))
        return host

    def test_asks_with_what_it_may_know_and_does_what_it_is_told(self):
        yes = {"allow": True, "subject": "ali", "roles": ["viewer"], "claims": {"t": "1"}, "set_headers": {"X-Tenant": "t1"}}
        with wire.Upstream() as upstream, Door(yes) as door, self.behind(upstream, door, headers=["X-Key", "Cookie"], strip_headers=["X-Group"]) as host:
            sent = [("X-Key", "a"), ("X-Key", "b\u00ff"), ("X-Other", "c"), ("x_tenant", "evil"), ("X-Tenant", "evil"), ("X-Group", "root"), ("X_Group", "root")]
            self.assertEqual(host.post("/a/b?c=%20d", b"body", sent).status, 200)
            seen = upstream.requests[-1]
            self.assertEqual((seen["X-Who"], seen["X-Tenant"], seen["x_tenant"], seen["X-Group"], seen["X_Group"]), ("ali auth-service viewer t=1", "t1", None, None, None))
            self.assertEqual(seen.body, b"body")
            self.assertEqual(door.requests[0]["Micro-Endpoint"], "Auth.Check")
            self.assertEqual(door.asked, [{"method": "POST", "path": "/a/b", "query": "c=%20d", "host": f"127.0.0.1:{host.port()}", "scheme": "http",
                                           "client_ip": "127.0.0.1", "headers": {"x-key": "a, b\ufffd"}}])
            door.say = {"allow": True}
            self.assertEqual(host.get("/").status, 200)
            self.assertEqual(upstream.requests[-1]["X-Who"], "nobody")

    def test_a_no_is_answered_as_the_service_says(self):
        with wire.Upstream() as upstream, Door({"allow": False}) as door, self.behind(upstream, door) as host:
            self.refused(host.get("/"), 403, "access is denied")
            door.say = {"allow": False, "status": 401, "message": 'say "please"', "set_headers": {"WWW-Authenticate": "Magic"}}
            self.refused(host.get("/"), 401, 'say "please"', "Magic")
            door.say = {"allow": False, "status": 302, "set_headers": {"Location": "/login"}}
            answer = host.get("/")
            self.assertEqual((answer.status, answer["Location"]), (302, "/login"))
            self.assertEqual(upstream.requests, [])

    def test_whatever_is_no_answer_is_503_or_as_on_error_says(self):
        tries = {"error": wire.answer(b'{"id":"x","code":403,"detail":"no","status":"Forbidden"}', "403 Forbidden"), "garbage": wire.answer(b"yes"), "empty": wire.answer(b""),
                 "broken off": None, "never": b"", "no decision": {"subject": "ali"}, "half": {"allow": True, "set_headers": {"Host": "x"}}}
        for on_error, status in (("closed", 503), ("open", 200)):
            with wire.Upstream() as upstream, Door(None) as door, self.behind(upstream, door, timeout="300ms", on_error=on_error) as host:
                for name, say in tries.items():
                    with self.subTest(name):
                        door.say = say
                        self.assertEqual(host.get("/").status, status)
                        if status == 200:
                            self.assertEqual(upstream.requests[-1]["X-Who"], "nobody")
                self.assertIn("go.micro.srv.door Auth.Check: ", host.stderr)
        with wire.Upstream() as upstream, self.behind(upstream, None) as host:
            self.assertEqual(host.get("/").status, 503)
            host.wait_for_log("there is no such service")

    def test_a_client_in_a_hurry_does_not_get_around_it(self):
        slow = threading.Event()  # never set: it takes this long to say no
        with wire.Upstream() as upstream, Door(lambda _: {"allow": slow.wait(0.4)}) as door, self.behind(upstream, door, on_error="open", timeout="5s") as host:
            for hurry in ("1000000", "0", "5"):
                self.refused(host.get("/", [("Timeout", hurry)]), 403)

    def test_a_yes_is_remembered_for_a_while_a_no_is_not(self):
        def say(asked):
            return {"allow": asked["headers"].get("x-key") == "good", "subject": asked["headers"].get("x-key", "")}
        with wire.Upstream() as upstream, Door(say) as door, self.behind(upstream, door, headers=["X-Key"], cache_ttl="1m", cache_by=["X-Key"]) as host:
            for key, status in (("good", 200), ("bad", 403), (None, 403)):
                for path in ("/a", "/b"):
                    self.assertEqual(host.get(path, [("X-Key", key)] if key else []).status, status)
            self.assertEqual([a["headers"] for a in door.asked], [{"x-key": "good"}] + [{"x-key": "bad"}] * 2 + [{}] * 2)
        with wire.Upstream() as upstream, Door({"allow": True, "subject": "x"}) as door, self.behind(upstream, door, headers=["X-Key"], cache_ttl="300ms") as host:
            for path in ("/a", "/a", "/b", "/a"):
                self.assertEqual(host.get(path).status, 200)
            self.assertEqual([a["path"] for a in door.asked], ["/a", "/b"])  # all that is told counts
            harness.wait_for(lambda: host.get("/a").status == 200 and len(door.asked) == 3, 5, "the end of the time")

    def test_clients_that_leave_while_it_is_asked_do_no_harm(self):
        gate = threading.Event()
        with wire.Upstream() as upstream, Door(lambda _: gate.wait(10) and {"allow": True, "subject": "a"}) as door, self.behind(upstream, door, loops=2, timeout="5s") as host:
            for _ in range(5):
                with wire.Client(host.port()) as client:
                    client.send(wire.request_bytes("GET", "/"))
            gate.set()
            self.assertEqual(host.get("/").status, 200)

    def test_a_service_in_the_same_process_decides_too(self):
        # greeter.so answers {"msg": ...}: no decision, and it comes before the call has returned.
        config = {"host": {"loops": 1}, "load": ["forward.so", "auth-service.so", "greeter.so"],
                  "listeners": {"edge": {"module": "forward", "address": "127.0.0.1:0"}}, "modules": {"forward": {"upstream": "127.0.0.1:9"}},
                  "filters": {"door": {"use": "auth-service", "config": {"service": "go.micro.api.greeter", "endpoint": "Say.Hello"}}}}
        with harness.Microhost(config) as host:
            self.assertEqual(host.get("/").status, 503)
            host.wait_for_log("go.micro.api.greeter Say.Hello: ")

    def test_what_cannot_work_does_not_start(self):
        for config, word in (({}, "service"), ({"service": ""}, "service"), ({"service": "a", "headers": ["a b"]}, "a b"), ({"service": "a", "strip_headers": ["Host"]}, "Host")):
            self.refuses({"load": ["forward.so", "auth-service.so"], "modules": {"forward": {"upstream": "127.0.0.1:9", "address": "127.0.0.1:0"}},
                          "filters": {"door": {"use": "auth-service", "config": config}}}, words=[word])


if __name__ == "__main__":
    unittest.main()
