# SPDX-License-Identifier: Apache-2.0
"""auth-basic, auth-jwt and auth-service in the program: who gets in, who does not, and what the handler learns."""
import base64
import threading
import time
import unittest

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
SLOW = "$2y$13$abcdefghijklmnopqrstuuyd9ipDgNyTEie103vumVuve9x.2WtxW"
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
                with self.htpasswd(upstream, f"bob:{SLOW.replace('$13', '$14')}\n", timeout="100ms", on_error=on_error) as host:
                    self.assertEqual(host.get("/", basic("bob", "x")).status, status)

    def test_clients_that_leave_while_it_computes_do_no_harm(self):
        with wire.Upstream() as upstream, self.htpasswd(upstream, f"bob:{SLOW}\n", loops=2) as host:
            for i in range(20):
                with wire.Client(host.port()) as client:
                    client.send(wire.request_bytes("GET", "/", basic("bob", f"x{i % 3}")))
            self.assertEqual(host.get("/", basic("bob")).status, 200)
            self.assertLess(self.computed(host), 12)  # nobody waits for most of them


if __name__ == "__main__":
    unittest.main()
