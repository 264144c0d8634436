# SPDX-License-Identifier: Apache-2.0
"""auth-basic and auth-service in the program: who gets in, who does not, and what the handler learns."""
import json
import threading
import time
import unittest

import harness
import wire
from guarding import Case, basic, replace

# All of "secret".
BCRYPT = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
SHA256 = "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2"
SHA512 = "$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/otop/Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8NJSAqXV/"
YESCRYPT = "$y$j75$saltsaltsalt$jyf/lxrpdyAIshWRo1x5DRC6KIE7sNRRtjcomR3PgHA"
SLOW = "$2y$11$abcdefghijklmnopqrstuuViuGI07N4McP9Kl.tD6XMEzyuvcY8LG"
MD5 = "$1$saltsalt$9xy1btjgzLYfb7hivXtC//"


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
            host.wait_for_log("would take too long")

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
        with wire.Upstream() as upstream, self.htpasswd(upstream, f"bob:{SLOW}\n", timeout="1m") as host:
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
        with wire.Upstream() as upstream, self.htpasswd(upstream, f"bob:{SLOW}\nold:{MD5}\n", timeout="1m") as host:
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
                with self.htpasswd(upstream, f"bob:{SLOW.replace('$11', '$13')}\n", timeout="100ms", on_error=on_error) as host:
                    self.assertEqual(host.get("/", basic("bob", "x")).status, status)

    def test_clients_that_leave_while_it_computes_do_no_harm(self):
        with wire.Upstream() as upstream, self.htpasswd(upstream, f"bob:{SLOW}\n", loops=2, timeout="1m") as host:
            for i in range(20):
                with wire.Client(host.port()) as client:
                    client.send(wire.request_bytes("GET", "/", basic("bob", f"x{i % 3}")))
            self.assertEqual(host.get("/", basic("bob")).status, 200)
            self.assertLess(self.computed(host), 12)  # nobody waits for most of them


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
                host.wait_for_log("go.micro.srv.door Auth.Check: ")
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
        yes = {"allow": True, "subject": "x"}
        with wire.Upstream() as upstream, Door(yes) as door, self.behind(upstream, door, headers=["X-Key"], cache_ttl="1m") as host:
            for path in ("/a", "/a", "/b", "/a"):
                self.assertEqual(host.get(path).status, 200)
            self.assertEqual([a["path"] for a in door.asked], ["/a", "/b"])  # all that is told counts
        with wire.Upstream() as upstream, Door(yes) as door, self.behind(upstream, door, cache_ttl="200ms") as host:
            harness.wait_for(lambda: host.get("/").status == 200 and len(door.asked) == 2, 5, "the end of the time")

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
