# SPDX-License-Identifier: Apache-2.0
"""web.so: Micro's routes and shapes, pages without script, and the reverse proxy to web services."""
import json
import re
import unittest

import harness
import wire
from websocket_test import FIN, TEXT, Socket

JSON = [("Content-Type", "application/json")]


def web(*args, **options):
    return harness.Microhost({"host": {"loops": 1}, "load": ["web.so"], "modules": {"web": {"address": "127.0.0.1:0", **options}}}, *args)


class Case(harness.Case):
    def known(self, host, name):
        harness.wait_for(lambda: name in [s["name"] for s in host.get("/registry", JSON).json()["services"]], 5, name)


class Registry(Case):
    def test_micros_json_is_for_who_sends_its_content_type(self):
        with web() as host:
            host.register("go.micro.srv.b", "127.0.0.1:9")
            host.register("go.micro.srv.a", "127.0.0.1:9", endpoints=("A.B",))
            self.known(host, "go.micro.srv.b")
            self.known(host, "go.micro.srv.a")
            listed = host.get("/registry", JSON)
            self.assertEqual(listed["Content-Type"], "application/json")
            self.assertEqual(listed.json()["services"][0], {"name": "go.micro.srv.a", "version": "", "metadata": None, "endpoints": None, "nodes": None})
            for path in ("/registry?service=go.micro.srv.a", "/service/go.micro.srv.a"):
                one = host.get(path, JSON).json()["services"]
                self.assertEqual([(s["name"], s["version"], s["nodes"][0]["address"]) for s in one], [("go.micro.srv.a", "1.0.0", "127.0.0.1:9")])
            missing = host.get("/service/nobody", JSON)
            self.assertEqual((missing.status, missing.json()["detail"]), (404, "there is no service nobody"))

    def test_pages_read_without_script_and_names_cannot_break_them(self):
        with web() as host:
            host.register("evil<script>", "127.0.0.1:9", metadata={"<b>": "\"'&"})
            self.known(host, "evil<script>")
            page = host.get("/services")
            self.assertEqual(page["Content-Type"], "text/html; charset=utf-8")
            self.assertIn('<a href="/service/evil%3Cscript%3E">evil&lt;script&gt;</a>', page.text)
            self.assertNotIn("<script", page.text)
            one = host.get("/service/evil%3Cscript%3E")
            self.assertEqual(one.status, 200)
            self.assertNotIn("<script", one.text)
            self.assertNotIn("evil", host.get("/services?q=other").text)
            for field in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"):
                self.assertIn(field, page)
            self.assertIn("frame-ancestors 'none'", page["Content-Security-Policy"])

    def test_other_methods_and_pages(self):
        with web() as host:
            self.assertEqual(host.post("/services").status, 405)
            self.assertEqual(host.get("/service").status, 404)
            self.assertEqual((host.get("/favicon.ico").status, host.get("/favicon.ico").body), (200, b""))
            self.assertEqual(host.get("/_/plain.css")["Content-Type"], "text/css; charset=utf-8")


class Apps(Case):
    def test_the_first_element_names_the_service_and_is_taken_off(self):
        with wire.Upstream() as app, web() as host:
            for name in ("foo", "foo-bar", "foo_bar", "foo.bar"):
                with self.subTest(name):
                    host.register(f"go.micro.web.{name}", app.address)
                    self.known(host, f"go.micro.web.{name}")
                    for sent, got in ((f"/{name}", "/"), (f"/{name}/", "/"), (f"/{name}/a/b?x=1", "/a/b?x=1")):
                        self.assertEqual(host.get(sent).status, 200)
                        request = app.requests[-1]
                        self.assertEqual((request.target, request["X-Micro-Web-Base-Path"], request["Host"]), (got, f"/{name}", app.address))
            self.assertIn('<a href="/foo-bar/">foo-bar</a>', host.get("/").text)

    def test_what_there_is_not_is_said(self):
        with web() as host:
            host.register("go.micro.web.other", "127.0.0.1:9")
            self.known(host, "go.micro.web.other")
            page = host.get("/nobody/x")
            self.assertEqual(page.status, 404)
            self.assertIn("go.micro.web.nobody", page.text)
            self.assertIn('<a href="/other/">other</a>', page.text)
            dead = host.get("/other/")
            self.assertEqual(dead.status, 502)
            self.assertIn(dead["X-Request-Id"] or "cannot be reached", dead.text)
            self.assertIn("cannot be reached", dead.text)
            self.assertEqual(host.get("/other/", JSON).json()["code"], 502)

    def test_websockets_pass(self):
        def echo(request, sock):
            return wire.answer(b"no") if request["Upgrade"] is None else (
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi")
        with wire.Upstream(echo) as app, web() as host:
            host.register("go.micro.web.chat", app.address)
            self.known(host, "go.micro.web.chat")
            with Socket(host, "/chat/room", {"Host": f"127.0.0.1:{host.port()}"}) as socket:
                self.assertEqual(socket.head.status, 101)
                self.assertEqual(socket.read(), (FIN | TEXT, b"hi"))
            self.assertEqual(app.requests[-1].target, "/room")

    def test_by_host(self):
        with wire.Upstream() as app, web(resolver="subdomain", allowed_hosts="foo.micro.mu, micro.mu") as host:
            host.register("go.micro.web.foo", app.address)
            self.known(host, "go.micro.web.foo")
            self.assertEqual(host.get("/a/b", [("Host", "foo.micro.mu")]).status, 200)
            self.assertEqual((app.requests[-1].target, app.requests[-1]["X-Micro-Web-Base-Path"]), ("/a/b", None))
            self.assertIn("Services", host.get("/services", [("Host", "micro.mu")]).text)


class Call(Case):
    def test_micros_rpc_page_calls_every_service(self):
        answer = wire.answer(b'{"msg":"Hello John"}\n', headers=JSON)
        with wire.Upstream(answer) as service, web() as host:
            host.register("go.micro.srv.greeter", service.address, metadata={"protocol": "mucp"})
            self.known(host, "go.micro.srv.greeter")
            body = {"service": "go.micro.srv.greeter", "endpoint": "Say.Hello", "request": {"name": "John"}}
            self.assertEqual(host.post("/rpc", json.dumps(body), JSON).json(), {"msg": "Hello John"})
            self.assertEqual(json.loads(service.requests[-1].body), {"name": "John"})
            self.assertEqual(host.get("/rpc").status, 405)
            self.assertEqual(host.post("/rpc", "{}", JSON).json()["detail"], "invalid service")
            self.assertEqual(host.post("/rpc", json.dumps(body), [*JSON, ("Origin", "https://evil.example")]).status, 403)
        with web(local_role="viewer") as host:
            self.assertEqual(host.post("/rpc", "{}", JSON).status, 401)


class Modules(Case):
    def test_the_page_lists_them_and_its_button_replaces_one(self):
        with harness.Microhost({"host": {"loops": 1}, "load": ["web.so", "greeter.so"], "modules": {"web": {"address": "127.0.0.1:0"}}}) as host:
            window = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]
            page = host.get("/_/modules", [*window, ("Host", f"localhost:{host.port()}")])
            self.assertEqual(page.status, 200)
            self.assertIn("<td>greeter<td>1.0.0<td>1<td>running", page.text)
            self.assertIn('<button name="id" value="greeter">Reload</button>', page.text)
            form = [("Content-Type", "application/x-www-form-urlencoded")]
            own = [("Origin", f"http://localhost:{host.port()}"), ("Host", f"localhost:{host.port()}"), ("Sec-Fetch-Site", "same-origin")]
            action = re.search('action="(/_/modules/reload[^"]+)"', page.text)[1]
            answer = host.post(action, b"id=greeter", [*form, *own])
            self.assertEqual((answer.status, answer["Location"]), (303, "/_/modules"))
            self.assertIn("<td>greeter<td>1.0.0<td>2<td>running", host.get("/_/modules").text)
            self.assertEqual(host.post("/_/modules/reload", b"id=nobody", form).status, 409)
            self.assertEqual(host.post("/_/modules/reload", b"", form).status, 400)
            self.assertEqual(host.post("/_/modules/reload", b"id=greeter", [*form, ("Origin", "https://evil.example")]).status, 403)
            host.wait_for_log('"action":"modules.reload","id":"greeter","principal":"local","outcome":"done"')
            answer = host.post("/_/modules/reload", b"id=web", form)  # itself, with this request in flight
            self.assertEqual(answer.status, 303)

    def test_a_viewer_looks_and_changes_nothing(self):
        with web(local_role="viewer") as host:
            self.assertNotIn("<button", host.get("/_/modules").text)
            self.assertEqual(host.post("/_/modules/reload", b"id=web").status, 401)

    def test_commands_are_run_as_over_the_control_socket(self):
        with web() as host:
            names = [c["name"] for c in host.get("/_/commands").json()]
            self.assertIn("modules list", names)
            lines = [json.loads(line) for line in host.post("/_/commands/modules/list", b"{}", JSON).text.splitlines()]
            self.assertIn("web", [line["row"][0] for line in lines if "row" in line])
            self.assertEqual(lines[-1], {"end": {"exit": 0}})
            self.assertEqual(host.post("/_/commands/modules/list", b"{}", [*JSON, ("Origin", "https://evil.example")]).status, 403)


class Access(Case):
    def test_pages_of_strangers_and_names_that_are_not_ours(self):
        with web() as host:
            self.assertEqual(host.get("/services", [("Host", "rebound.example")]).status, 403)
            self.assertEqual(host.get("/services", [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]).status, 200, "a link leads here")
            self.assertEqual(host.post("/services", b"", [("Origin", "https://evil.example")]).status, 403)

    def test_other_machines_need_tls_and_a_credential(self):
        self.refuses({"load": ["web.so"], "modules": {"web": {"address": ":0"}}}, words=["reached from other machines", "TLS"])

    def test_a_folder_without_the_page_is_refused(self):
        self.refuses({"load": ["web.so"], "modules": {"web": {"address": "127.0.0.1:0", "static_dir": "/nonexistent"}}}, words=["static_dir", "index.html"])

    def test_without_a_role_nobody_gets_in(self):
        with web(local_role="") as host:
            self.assertEqual(host.get("/services").status, 401)
            self.assertEqual(host.get("/app/").status, 401)
            self.assertEqual(host.get("/favicon.ico").status, 200)
        with web(local_role="", open_apps=True) as host:
            self.assertEqual(host.get("/app/").status, 404)


if __name__ == "__main__":
    unittest.main()
