# SPDX-License-Identifier: Apache-2.0
"""web.so: who logs in, how long it lasts, what a page's script may ask, and what never reaches a web service."""
import json
import re
import unittest

import harness
import wire
from guarding import replace
from websocket_test import Socket

JSON = [("Content-Type", "application/json")]
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
# All of "secret".
HASH = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
USERS = f"anna:{HASH}:operator\nvera:{HASH}\n"
HTML = [("Accept", "text/html")]
WINDOW = [*HTML, ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]
SCRIPT = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")]
FRAME = [*HTML, ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")]


class Case(harness.Case):
    def web(self, users=USERS, tokens="", proxies=(), **options):
        options |= {"token_file": "tokens"} if tokens else {}
        if users:
            options["users_file"] = "htpasswd"
        modules = {"web": {"address": "127.0.0.1:0", "local_role": "", **options}}
        host = harness.Microhost({"host": {"loops": 1, "trusted_proxies": list(proxies)}, "load": ["web.so", "greeter.so"], "modules": modules})
        if users:
            (host.folder / "htpasswd").write_text(users)
        if tokens:
            (host.folder / "tokens").write_text(tokens)
        return host

    def login(self, host, user, password="secret", headers=(), **options):
        return host.post("/_/api/login", json.dumps({"user": user, "password": password}), [*JSON, *headers], **options)

    def session(self, host, user):
        """The field with the cookie, and the page's token."""
        answer = self.login(host, user)
        self.assertEqual(answer.status, 200, answer.text)
        cookie = re.fullmatch(r"(microhost=[0-9a-f]{64}); Path=/; HttpOnly; SameSite=Strict", answer["Set-Cookie"])
        self.assertTrue(cookie, answer["Set-Cookie"])
        return ("Cookie", cookie[1]), ("X-Microhost-CSRF", answer.json()["csrf"])

    def known(self, host, *headers, **options):
        harness.wait_for(lambda: host.get("/foo/", headers, **options).status == 200, 5, "the web service foo")

    def who(self, host, *headers):
        return host.get("/_/api/session", headers).json()["subject"]


class Login(Case):
    def test_a_user_logs_in_and_out(self):
        with self.web() as host:
            self.assertEqual(host.get("/services", JSON).status, 401)
            nobody = host.get("/_/api/session").json()
            self.assertEqual((nobody["subject"], nobody["role"], nobody["login"]), ("nobody", "nobody", True))
            cookie, token = self.session(host, "anna")
            known = host.get("/_/api/session", [cookie, token]).json()
            self.assertEqual((known["subject"], known["role"], known["login"], known["csrf"]), ("anna", "operator", False, token[1]))
            self.assertEqual(set(known), {"subject", "role", "login", "session", "csrf", "instance", "version", "namespace", "login_url", "apps_url"})
            self.assertEqual(host.get("/services", [cookie, token, *JSON]).status, 200)
            host.wait_for_log('"action":"login","principal":"anna","client":"127.0.0.1","outcome":"done"')
            self.assertEqual(host.post("/_/api/logout", b"", [cookie]).status, 403, "without the token")
            out = host.post("/_/api/logout", b"", [cookie, token])
            self.assertEqual(out.status, 200)
            self.assertIn("microhost=; Path=/", out["Set-Cookie"])
            self.assertIn("Max-Age=0", out["Set-Cookie"])
            self.assertEqual(host.get("/services", [cookie, *JSON]).status, 401)
            host.wait_for_log('"action":"logout","principal":"anna"')

    def test_whoever_is_wrong_is_told_the_same(self):
        with self.web(users=USERS + "old:$1$saltsalt$9xy1btjgzLYfb7hivXtC//\n") as host:
            answers = [self.login(host, user, password) for user, password in (("anna", "Secret"), ("zoe", "secret"), ("old", "secret"), ("anna", "x" * 300))]
            self.assertEqual({(a.status, a.json()["detail"], a["Set-Cookie"]) for a in answers}, {(401, "the user or the password is wrong", None)})
            host.wait_for_log('"action":"login","principal":"zoe","client":"127.0.0.1","outcome":"wrong"')
            for body in (b"", b"{", b'{"user":"anna"}', b'{"user":"","password":""}', json.dumps({"user": "a" * 256, "password": "x"}).encode()):
                self.assertEqual(host.post("/_/api/login", body, JSON).status, 400)
            self.assertEqual(host.post("/_/api/login", b"x" * 9000, JSON).status, 413)

    def test_too_many_tries_are_refused_for_a_while(self):
        with self.web(login_attempts=3) as host:
            self.assertEqual([self.login(host, f"u{i}").status for i in range(3)], [401] * 3)
            late = self.login(host, "anna")
            self.assertEqual(late.status, 429)
            self.assertGreater(int(late["Retry-After"]), 0)
            host.wait_for_log("too many log-ins from 127.0.0.1")

    def test_what_strangers_try_keeps_nobody_out_where_they_have_logged_in(self):
        with self.web(login_attempts=3, proxies=["127.0.0.1"], insecure=True) as host:
            def tries(password, *clients):
                return [self.login(host, "anna", password, [("X-Forwarded-For", ip)]).status for ip in clients]

            self.assertEqual(tries("secret", "2001:db8:1:1::7"), [200])
            self.assertEqual(tries("wrong", *(f"198.51.100.{i}" for i in range(4))), [401, 401, 429, 429])
            self.assertEqual(tries("secret", "2001:db8:1:2::7", "198.51.100.9"), [429, 429], "where she has never been")
            self.assertEqual(tries("secret", "2001:db8:1:1::8"), [200], "at home")
            self.assertEqual(tries("wrong", *["2001:db8:1:1::9"] * 2), [401, 429], "and her network has its own limit")

    def test_without_users_nobody_logs_in(self):
        with self.web(users="") as host:
            self.assertEqual(self.login(host, "anna").status, 403)
            self.assertEqual(host.get("/_/api/session").json()["login"], False)

    def test_a_form_does_it_without_script(self):
        with self.web() as host:
            page = host.get("/services?q=x", WINDOW)
            self.assertEqual((page.status, page["Location"]), (303, "/_/login?next=%2Fservices%3Fq%3Dx"))
            form = host.get(page["Location"] + "&plain", WINDOW)
            self.assertIn('name="next" value="/services?q=x"', form.text)
            action = re.search('action="([^"]+)"', form.text)[1]
            own = [*FORM, ("Origin", f"http://127.0.0.1:{host.port()}"), *WINDOW]
            self.assertEqual(host.post("/_/login", b"user=anna&password=secret", own).status, 403, "no token")
            wrong = host.post(action, b"user=anna&password=no&next=/x", own)
            self.assertEqual(wrong.status, 401)
            self.assertIn('role="alert"', wrong.text)
            done = host.post(action, b"user=anna&password=secret&next=%2Fservices%3Fq%3Dx", own)
            self.assertEqual((done.status, done["Location"]), (303, "/services?q=x"))
            cookie = ("Cookie", done["Set-Cookie"].partition(";")[0])
            self.assertEqual(host.get("/services?q=x", [cookie, *WINDOW]).status, 200)
            self.assertEqual(host.get("/_/login?next=/services&plain", [cookie, *WINDOW])["Location"], "/services")
            for evil in (b"//evil.example", b"https://evil.example", b"/%5Cevil.example", b"/%0A/x"):
                self.assertEqual(host.post(action, b"user=anna&password=secret&next=" + evil, own)["Location"], "/")
            out = re.search('action="([^"]+)"', host.get("/_/logout", [cookie, *WINDOW]).text)[1]
            self.assertEqual(host.post(out, b"", [cookie, *own])["Location"], "/_/login")
            self.assertEqual(host.get("/services", [cookie, *WINDOW]).status, 303)

    def test_a_link_of_another_site_goes_on_by_a_page_of_ours(self):
        with self.web() as host:
            answer = host.get("/services", [*HTML, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")])
            self.assertEqual(answer.status, 200)
            self.assertIn('content="0;url=/_/login?next=%2Fservices"', answer.text)
            cookie, _ = self.session(host, "anna")  # which the browser has kept back until now
            led = host.get("/_/login?next=%2Fservices", [cookie, *WINDOW])
            self.assertEqual((led.status, led["Location"]), (303, "/services"))


class Sessions(Case):
    def test_it_ends_with_the_users_line_and_outlives_a_reload(self):
        with self.web() as host:
            anna, anna_token = self.session(host, "anna")
            vera, vera_token = self.session(host, "vera")
            self.assertEqual(host.post("/_/modules/reload", b"id=web", [anna, anna_token, *FORM]).status, 303)
            self.assertEqual(self.who(host, anna, anna_token), "anna")
            replace(host, "htpasswd", USERS.replace("anna", "anton"))
            harness.wait_for(lambda: host.get("/services", [anna, anna_token, *JSON]).status == 401, 5, "the new file")
            self.assertEqual(self.who(host, vera, vera_token), "vera")
            replace(host, "htpasswd", f"vera:{HASH}:admin\n")
            harness.wait_for(lambda: host.get("/services", [vera, vera_token, *JSON]).status == 401, 5, "another role")
            host.wait_for_log("a session ended")

    def test_a_file_that_is_damaged_locks_nobody_out(self):
        with self.web() as host:
            cookie, token = self.session(host, "anna")
            replace(host, "htpasswd", "nonsense\n")
            host.wait_for_log("the users read last still count")
            self.assertEqual(self.who(host, cookie, token), "anna")
            self.session(host, "vera")

    def test_it_ends_when_it_is_not_used(self):
        with self.web(session_idle="1s") as host:
            cookie, token = self.session(host, "anna")
            self.assertEqual(self.who(host, cookie, token), "anna")
            statuses = []

            def over():
                statuses.append(host.get("/services", [cookie, token, *JSON]).status)
                return statuses[-1] == 401
            with self.assertRaises(AssertionError):  # used all the time, it goes on
                harness.wait_for(over, 2, "the end")
        with self.web(session_length="1s") as host:
            cookie, token = self.session(host, "anna")
            harness.wait_for(lambda: host.get("/services", [cookie, token, *JSON]).status == 401, 5, "the end of its length")

    def test_two_cookies_of_our_name_are_nobodys(self):
        with self.web() as host:
            cookie, token = self.session(host, "anna")
            self.assertEqual(host.get("/services", [("Cookie", cookie[1] + "; microhost=" + "0" * 64), token, *JSON]).status, 401)


class Roles(Case):
    def test_a_viewer_is_refused_at_the_api(self):
        with self.web() as host:
            vera = self.session(host, "vera")
            answer = host.post("/_/commands/modules/reload", b'{"args":{"id":"greeter"}}', [*vera, *JSON])
            self.assertEqual(answer.status, 403, answer.text)
            self.assertEqual(host.post("/_/modules/reload", b"id=greeter", [*vera, *FORM]).status, 403)
            self.assertEqual(host.post("/rpc", b"{}", [*vera, *JSON]).status, 403)
            self.assertEqual(host.post("/_/commands/modules/list", b"{}", [*vera, *JSON]).status, 200)
            anna = self.session(host, "anna")
            self.assertIn('"exit":0', host.post("/_/commands/modules/reload", b'{"args":{"id":"greeter"}}', [*anna, *JSON]).text)
            host.wait_for_log('"anna"')

    def test_without_a_credential_other_machines_are_not_served(self):
        config = {"load": ["web.so"], "modules": {"web": {"address": ":0", "enable_tls": True, "tls_cert_file": "c", "tls_key_file": "k"}}}
        self.refuses(config, words=["reached from other machines", "users_file"])
        config["modules"]["web"] = {"address": ":0", "users_file": "htpasswd"}
        self.refuses(config, words=["reached from other machines", "TLS"])
        config["modules"]["web"] = {"proxy_address": ":0"}
        self.refuses(config, words=["proxy_address :0 is reached from other machines"])
        config["modules"]["web"] = {"users_file": "no-file"}
        self.refuses(config, words=["no-file", "there is no such file", "microhost passwd"])


class Token(Case):
    """A script of a web service under our origin has all that the browser sends by itself, and not the page's token."""

    def test_scripts_need_it_and_find_it_nowhere(self):
        for role, headers in (("", "anna"), ("operator", None)):
            with self.subTest(local_role=role), self.web(local_role=role) as host:
                cookie, token = self.session(host, "anna") if headers else (("X-No", "cookie"), None)
                tries = [("GET", p) for p in ("/_/api/session", "/_/commands", "/services", "/_/modules", "/_/events?topics=logs", "/_/api/logs", "/_/login")]
                tries += [("POST", p) for p in ("/_/commands/modules/list", "/_/modules/reload", "/rpc", "/_/api/logout", "/_/api/login", "/_/login")]
                for method, path in tries:
                    for how in (SCRIPT, FRAME, [("Origin", f"http://127.0.0.1:{host.port()}")]):
                        with self.subTest(path, how=how):
                            answer = host.request(method, path, [cookie, *how], b"")
                            self.assertEqual(answer.status, 403, answer.text)
                            self.assertIn("the page's token", answer.json()["detail"])
                page = host.get("/_/modules?plain", [cookie, *WINDOW])
                self.assertEqual((page.status, page["Cross-Origin-Opener-Policy"]), (200, "same-origin"))
                told = re.search(r"reload\?csrf=([0-9a-f]{64})", page.text)[1]
                self.assertEqual(token[1] if token else told, told)
                self.assertEqual(host.get("/_/api/session", [cookie, *SCRIPT, ("X-Microhost-CSRF", told)]).json()["csrf"], told)
                self.assertEqual(host.get(f"/_/commands?csrf={told}", [cookie, *SCRIPT]).status, 200)
                self.assertEqual(host.get("/_/commands", [cookie, *SCRIPT, ("X-Microhost-CSRF", "0" * 64)]).status, 403)
                typed = [("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]
                self.assertEqual(host.get("/_/commands", [cookie, *typed]).status, 200)
                self.assertEqual(host.get("/_/commands", [cookie, *WINDOW]).status, 403, "a window that a script opened can be read")

    def test_a_token_is_of_one_session(self):
        with self.web() as host:
            anna, vera = self.session(host, "anna"), self.session(host, "vera")
            self.assertEqual(host.get("/_/api/session", [anna[0], vera[1]]).status, 403)

    def test_a_stranger_cannot_open_a_websocket(self):
        with self.web(users="", local_role="operator") as host:
            fields = {"Host": f"127.0.0.1:{host.port()}", "Origin": "https://evil.example"}
            for path in ("/rpc?service=go.micro.srv.greeter&endpoint=Say.Hello", "/app/room"):
                with Socket(host, path, fields) as socket:
                    self.assertEqual(socket.head.status, 403)


class Apps(Case):
    def app(self, *headers):
        return wire.Upstream(wire.answer(b"app", headers=list(headers)))

    def test_our_cookie_and_tokens_never_reach_a_web_service(self):
        with self.app() as app, self.web(tokens="s3cret-token robot viewer\n") as host:
            host.register("go.micro.web.foo", app.address)
            cookie, token = self.session(host, "vera")
            self.known(host, cookie)
            for sent, got in (([cookie], []), ([("Cookie", f"a=1; {cookie[1]};b=2")], ["a=1; b=2"]), ([("Cookie", "a=1"), cookie, ("Cookie", "b=2")], ["a=1; b=2"]),
                              ([("Cookie", f"x={cookie[1]}"), cookie], [f"x={cookie[1]}"]), ([cookie, ("Cookie", "__Host-microhost=1; MICROHOST=2; c=3")], ["c=3"])):
                self.assertEqual(host.get("/foo/", [*sent, token]).status, 200)
                self.assertEqual((app.requests[-1].all("Cookie"), app.requests[-1]["X-Microhost-CSRF"]), (got, None))
            self.assertEqual(host.get("/foo/", [("Authorization", "Bearer s3cret-token"), ("Cookie", "a=1")]).status, 200)
            self.assertEqual((app.requests[-1]["Authorization"], app.requests[-1].all("Cookie")), (None, ["a=1"]))
            self.assertEqual(host.get("/foo/", [cookie, ("Authorization", "Bearer the-apps-own")]).status, 401, "it is none of ours")

    def test_a_web_service_cannot_act_on_the_origin(self):
        hostile = [("Set-Cookie", "microhost=evil; Path=/"), ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "=microhost=evil"), ("Set-Cookie", " __Host-Microhost =x; Secure"),
                   ("Set-Cookie", "b=microhost"), ("Service-Worker-Allowed", "/"), ("Clear-Site-Data", '"*"'), ("Cross-Origin-Opener-Policy", "same-origin"),
                   ("Alt-Svc", 'h2=":9999"'), ("NEL", "{}"), ("Report-To", "{}"), ("X-Own", "kept")]
        with self.app(*hostile) as app, self.web(users="", local_role="viewer") as host:
            host.register("go.micro.web.foo", app.address)
            self.known(host)
            answer = host.get("/foo/")
            self.assertEqual(answer.all("Set-Cookie"), ["a=1; Path=/", "b=microhost"])
            for name, _ in hostile[5:-1]:
                self.assertIsNone(answer[name], name)
            self.assertEqual(answer["X-Own"], "kept")
            worker = [("Service-Worker", "script"), ("Sec-Fetch-Dest", "serviceworker"), ("Sec-Fetch-Site", "same-origin")]
            self.assertEqual(host.get("/foo", worker).status, 403, "its scope would be the whole origin")
            self.assertEqual(host.get("/foo/", worker).status, 200)
            for method in ("POST", "PUT", "DELETE"):
                self.assertEqual(host.request(method, "/foo/", [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")]).status, 403)
                self.assertEqual(host.request(method, "/foo/", [("Origin", f"http://127.0.0.1:{host.port()}"), ("Sec-Fetch-Site", "same-origin")]).status, 200)

    def test_they_may_have_a_listener_of_their_own(self):
        with self.app() as app, self.web(proxy_address="127.0.0.1:0") as host:
            host.register("go.micro.web.foo", app.address)
            own, apps = {"listener": "web"}, {"listener": "web-apps"}
            answer = self.login(host, "vera", **own)
            cookie, token = ("Cookie", answer["Set-Cookie"].partition(";")[0]), ("X-Microhost-CSRF", answer.json()["csrf"])
            self.known(host, cookie, **apps)
            url = f"http://127.0.0.1:{host.port('web-apps')}"
            harness.wait_for(lambda: host.get("/_/api/session", [cookie, token], **own).json()["apps_url"] == url, 5, "the address of the apps")
            moved = host.get("/foo/a?b=c", [cookie], **own)
            self.assertEqual((moved.status, moved["Location"]), (307, url + "/foo/a?b=c"))
            self.assertEqual(host.post("/foo/a", b"", [cookie], **own).status, 404)
            self.assertEqual(host.get("/foo/a?b=c", [cookie], **apps).status, 200)
            self.assertEqual((app.requests[-1].target, app.requests[-1].all("Cookie")), ("/a?b=c", []))
            for path in ("/", "/_/api/session", "/_/login", "/_/commands", "/services", "/favicon.ico", "/_/plain.css", "/rpc"):
                self.assertEqual(host.get(path, [cookie, token], **apps).status, 404, path)
            self.assertEqual(host.get("/foo/a", WINDOW, **apps)["Location"], f"http://127.0.0.1:{host.port('web')}/_/login?next=%2Ffoo%2Fa")
            cross = [("Origin", url), ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")]
            self.assertEqual(host.post("/_/commands/modules/list", b"{}", [cookie, token, *cross, *JSON], **own).status, 403)
            self.assertEqual(host.get("/_/api/session", [cookie, *cross], **own).status, 403)


if __name__ == "__main__":
    unittest.main()
