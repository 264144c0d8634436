# SPDX-License-Identifier: Apache-2.0
"""web.so: Micro's other pages and their older names, what every page is without script, logging in over TLS and at somebody else's."""
import json
import re
import ssl
import subprocess
import unittest
import urllib.parse

import harness
import wire
from web_login_test import HASH, HTML, SCRIPT, USERS, WINDOW
from web_test import JSON, Case, web

FORM = [("Content-Type", "application/x-www-form-urlencoded")]
SECRET = "s3cret-of-the-test"


class MicrosPages(Case):
    def test_the_client_is_a_form_that_calls(self):
        answer = wire.answer(b'{"msg":"Hello John"}\n', headers=JSON)
        with wire.Upstream(answer) as service, web() as host:
            host.register("go.micro.srv.greeter", service.address, metadata={"protocol": "mucp"})
            self.known(host, "go.micro.srv.greeter")
            wanted = urllib.parse.urlencode({"service": "go.micro.srv.greeter", "endpoint": "Say.Hello", "request": '{"name":"John"}'})
            page = host.get(f"/client?{wanted}&plain", WINDOW)
            self.assertEqual((page.status, page["Content-Type"]), (200, "text/html; charset=utf-8"))
            for field in ('name="service" value="go.micro.srv.greeter"', 'name="endpoint" value="Say.Hello"', "{&quot;name&quot;:&quot;John&quot;}"):
                self.assertIn(field, page.text)
            action = re.search('action="([^"]+)"', page.text)[1]
            own = [*FORM, ("Origin", f"http://127.0.0.1:{host.port()}"), *WINDOW]
            self.assertEqual(host.post(action, wanted, own).json(), {"msg": "Hello John"})
            self.assertEqual(json.loads(service.requests[-1].body), {"name": "John"})
            self.assertEqual(host.post("/rpc", wanted, own).status, 403, "without the page's token")
            self.assertIn("a&amp;b&quot;&lt;", host.get("/client?service=a%26b%22%3C").text)
            self.assertIn('name="endpoint" value="A.B"', host.get("/client?method=A.B").text, "the field's older name")

    def test_the_terminal_says_how_commands_are_run(self):
        with web() as host:
            page = host.get("/terminal?plain", WINDOW)
            self.assertEqual(page.status, 200)
            self.assertIn("/_/commands", page.text)
            self.assertIn('<a href="/client">', page.text)

    def test_older_names_lead_to_the_newer_ones(self):
        with web() as host:
            for old, new in (("/query", "/client"), ("/call", "/client"), ("/cli", "/terminal"), ("/call?service=a%20b&endpoint=C", "/client?service=a%20b&endpoint=C")):
                moved = host.get(old, HTML)
                self.assertEqual((moved.status, moved["Location"]), (301, new), old)
                self.assertEqual(host.request("HEAD", old)["Location"], new)
            self.assertEqual(host.get("/call/x").status, 404)

    def test_stats_count_answers_as_they_were(self):
        with web() as host:
            self.assertEqual(host.get("/stats").status, 404, "without enable_stats")
        with web(enable_stats=True) as host:
            host.get("/services")
            host.get("/nobody/")
            stats = host.get("/stats", JSON)
            self.assertEqual(stats["Content-Type"], "application/json")
            self.assertEqual(list(stats.json()), ["started", "uptime", "counters"])

            def total(key):
                return sum(c["status_codes"].get(key, 0) for c in host.get("/stats", JSON).json()["counters"])
            self.assertEqual(total("40x"), 1)
            self.assertGreaterEqual(total("20x"), 2)
            self.assertIn("<pre>{&quot;started&quot;", host.get("/stats?plain", WINDOW).text)


class Plain(Case):
    PATHS = ("/", "/services", "/registry", "/client", "/terminal", "/_/modules", "/_/config")

    def test_every_page_is_there_without_script_when_asked_so(self):
        with web() as host:
            host.register("go.micro.srv.one", "127.0.0.1:9")
            self.known(host, "go.micro.srv.one")
            for path in (*self.PATHS, "/service/go.micro.srv.one"):
                with self.subTest(path):
                    for query in ("plain", "plain&q=", "q=&plain"):
                        page = host.get(f"{path}?{query}", WINDOW)
                        self.assertEqual(page.status, 200)
                        self.assertIn("/_/plain.css", page.text)
                        self.assertNotIn("<script", page.text)
                        self.assertEqual(page.text.count("<h1>"), 1)
                    rich = host.get(path, WINDOW)
                    if "/_/ui/" in rich.text:  # this build has the page with script
                        self.assertIn("<noscript>", rich.text)
                        self.assertNotIn("/_/ui/", host.get(path).text, "asked by a program")

    def test_the_configuration_says_where_values_come_from_and_no_secret(self):
        with web("--web_namespace", "go.other.web", tls_cert_file="") as host:
            page = host.get("/_/config?plain", WINDOW)
            self.assertIn('<td><code>modules.web.namespace</code><small>put before the name from a path /NAME</small><td>&quot;go.other.web&quot;<td>&quot;go.micro.web&quot;<td>flag: --web_namespace', page.text)
            self.assertIn("</small><td>&quot;path&quot;<td>&quot;path&quot;<td>default<td>", page.text)
            self.assertIn("<code>host.loops</code>", page.text)
            part = host.get("/_/config?plain&q=web.reso", WINDOW).text
            self.assertIn("modules.web.resolver", part)
            self.assertNotIn("modules.web.namespace", part)
            self.assertIn('value="&lt;b&gt;"', host.get("/_/config?plain&q=%3Cb%3E", WINDOW).text)
        with web(local_role="") as host:
            self.assertEqual(host.get("/_/config?plain").status, 401)

    def test_secrets_are_neither_in_the_page_nor_in_the_api(self):
        config = {"host": {"loops": 1}, "load": ["web.so", "registry-etcd.so"],
                  "modules": {"web": {"address": "127.0.0.1:0"}, "registry-etcd": {"addresses": "127.0.0.1:9", "username": "root", "password": SECRET}}}
        config["host"]["registry_wait"] = "0s"
        with harness.Microhost(config) as host:
            page = host.get("/_/config?plain", WINDOW).text
            self.assertRegex(page, r"<code>modules\.registry-etcd\.password</code><small>[^<]*</small><td>not shown<td><td>file")
            values = {v["path"]: v for v in host.get("/_/api/config").json()["values"]}
            password = values["modules.registry-etcd.password"]
            self.assertEqual((password["secret"], "value" in password, "default" in password), (True, False, False))
            for text in (page, json.dumps(values)):
                self.assertNotIn(SECRET, text)


class Tls(Case):
    """The cookie that only a host's own TLS can set."""

    def certificate(self, folder):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"], cwd=folder, check=True, capture_output=True)
        return ssl.create_default_context(cafile=folder / "cert.pem")

    def test_logging_in_and_out(self):
        host = web(enable_tls=True, tls_cert_file="cert.pem", tls_key_file="key.pem", users_file="htpasswd", local_role="")
        context = self.certificate(host.folder)
        (host.folder / "htpasswd").write_text(USERS)
        with host:
            tls = {"tls": context}
            self.assertEqual(host.get("/services", WINDOW, **tls)["Location"], "/_/login?next=%2Fservices")
            answer = host.post("/_/api/login", b'{"user":"anna","password":"secret"}', JSON, **tls)
            self.assertEqual(answer.status, 200, answer.text)
            set_cookie = re.fullmatch(r"(__Host-microhost=([0-9a-f]{64})); Path=/; HttpOnly; SameSite=Strict; Secure", answer["Set-Cookie"])
            self.assertTrue(set_cookie, answer["Set-Cookie"])
            cookie, token = ("Cookie", set_cookie[1]), ("X-Microhost-CSRF", answer.json()["csrf"])
            who = host.get("/_/api/session", [cookie, token], **tls).json()
            self.assertEqual((who["subject"], who["role"], who["session"]), ("anna", "operator", True))
            # In plain text another name would be taken, and anybody on the way could have set that.
            self.assertEqual(host.get("/services", [("Cookie", f"microhost={set_cookie[2]}"), token, *JSON], **tls).status, 401)
            out = host.post("/_/api/logout", b"", [cookie, token], **tls)
            self.assertEqual(out["Set-Cookie"], "__Host-microhost=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0")
            self.assertEqual(host.get("/services", [cookie, token, *JSON], **tls).status, 401)

    def test_the_form_does_it_too(self):
        host = web(enable_tls=True, tls_cert_file="cert.pem", tls_key_file="key.pem", users_file="htpasswd", local_role="")
        context = self.certificate(host.folder)
        (host.folder / "htpasswd").write_text(f"anna:{HASH}:operator\n")
        with host:
            form = host.get("/_/login?next=/services&plain", WINDOW, tls=context)
            action = re.search('action="([^"]+)"', form.text)[1]
            own = [*FORM, ("Origin", f"https://127.0.0.1:{host.port()}"), *WINDOW]
            done = host.post(action, b"user=anna&password=secret&next=/services", own, tls=context)
            self.assertEqual((done.status, done["Location"]), (303, "/services"))
            self.assertRegex(done["Set-Cookie"], r"^__Host-microhost=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict; Secure$")
            cookie = ("Cookie", done["Set-Cookie"].partition(";")[0])
            out = host.get("/_/logout", [cookie, *WINDOW], tls=context)
            gone = host.post(re.search('action="([^"]+)"', out.text)[1], b"", [cookie, *own], tls=context)
            self.assertEqual((gone.status, gone["Location"]), (303, "/_/login"))
            self.assertEqual(host.get("/services", [cookie, *WINDOW], tls=context).status, 303)


class LoginElsewhere(Case):
    """auth_login_url, as Micro has it."""

    def test_windows_are_led_there_and_programs_are_told(self):
        with web("--auth_login_url", "https://account.example/login", local_role="") as host:
            led = host.get("/services?q=a b&x=1".replace(" ", "%20"), WINDOW)
            self.assertEqual((led.status, led["Location"]), (307, "https://account.example/login?redirect_to=%2Fservices%3Fq%3Da%2520b%26x%3D1"))
            self.assertEqual(led["Cache-Control"], "no-store")
            self.assertEqual(host.get("/foo/bar", WINDOW)["Location"], "https://account.example/login?redirect_to=%2Ffoo%2Fbar")
            self.assertEqual(host.get("/services", JSON).status, 401)
            self.assertEqual(host.post("/rpc", b"{}", JSON).status, 401)
            self.assertEqual(host.get("/_/api/services", SCRIPT).status, 403, "no token of a page")
            session = host.get("/_/api/session").json()
            self.assertEqual((session["login_url"], session["login"]), ("https://account.example/login", False))
        with web("--web_auth_login_url", "https://account.example/?app=1") as host:
            self.assertEqual(host.get("/services", WINDOW).status, 200, "a role without a credential")

    def test_the_web_service_that_shows_it_needs_no_role(self):
        with wire.Upstream(wire.answer(b"log in here")) as app, web(local_role="", auth_login_url="/account/login?x=1") as host:
            for name in ("account", "foo"):
                host.register(f"go.micro.web.{name}", app.address)
            self.assertEqual(host.get("/foo/", WINDOW)["Location"], "/account/login?x=1&redirect_to=%2Ffoo%2F")
            harness.wait_for(lambda: host.get("/account/login").status == 200, 5, "the web service account")
            self.assertEqual(host.get("/account/style.css").body, b"log in here")
            self.assertEqual(host.get("/foo/").status, 401)

    def test_our_own_form_is_still_there(self):
        host = web(local_role="", auth_login_url="https://account.example/", users_file="htpasswd")
        (host.folder / "htpasswd").write_text(USERS)
        with host:
            self.assertEqual(host.get("/services", WINDOW).status, 307)
            self.assertIn('action="/_/login', host.get("/_/login?plain", WINDOW).text)
            self.assertEqual(host.post("/_/api/login", b'{"user":"anna","password":"secret"}', JSON).status, 200)

    def test_what_leads_nowhere_is_refused(self):
        for bad in ("/_/login", "/services", "//evil.example", "account", "/", "javascript:alert(1)"):
            self.refuses({"load": ["web.so"], "modules": {"web": {"address": "127.0.0.1:0", "auth_login_url": bad}}}, words=["auth_login_url", bad, "https://"])


if __name__ == "__main__":
    unittest.main()
