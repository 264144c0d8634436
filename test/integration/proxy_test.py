# SPDX-License-Identifier: Apache-2.0
"""proxy.so as Micro's sidecar: /registry in the bytes of the real one, services that register themselves over HTTP, and web
pages that stay outside."""
import json
import subprocess
import sys
import time
import unittest

import harness
import micro_replay
import wire
from websocket_test import Socket

JSON = [("Content-Type", "application/json")]
LISTED = '{"name":"%s","version":"","metadata":null,"endpoints":null,"nodes":null}'


def proxying(*args, loops=1, **options):
    """A proxy; options that begin with `host_` are the harness's."""
    kept = {k[5:]: options.pop(k) for k in list(options) if k.startswith("host_")}
    config = {"host": {"loops": loops}, "load": ["proxy.so"], "modules": {"proxy": {"address": "127.0.0.1:0", **options}}}
    return harness.Microhost(config, *args, **kept)


def service(name="foo.bar", node="foo.bar-1", address="127.0.0.1:9091", **more):
    return json.dumps({"name": name, "nodes": [{"id": node, "address": address}], **more})


class Case(harness.Case):
    def listed(self, host):
        return [s["name"] for s in host.get("/registry").json()]

    def gone(self, host, name="foo.bar", seconds=5):
        harness.wait_for(lambda: host.get(f"/registry?service={name}").status == 404, seconds, f"the end of {name}")

    def known(self, host, name="foo.bar"):
        """All versions, once they are there."""
        def ask():
            answer = host.get(f"/registry?service={name}")
            return answer.status == 200 and answer.json()
        return harness.wait_for(ask, 5, name)

    def text(self, answer, status, line):
        self.assertEqual((answer.status, answer.text), (status, line + "\n"))
        self.assertEqual(answer["Content-Type"], "text/plain; charset=utf-8")
        self.assertEqual(answer["X-Content-Type-Options"], "nosniff")


class Registry(Case):
    """Capture v1.1-25, whose nodes have an address and a port; those of 1.18 have both in the address."""

    def test_lists_and_versions_in_the_bytes_of_the_sidecar(self):
        with proxying() as host:
            self.assertEqual(host.get("/registry").body, b"[]")
            for name in ("go.micro.srv.greeter", "go.micro.api"):
                host.register(name, "127.0.0.1:1")
            harness.wait_for(lambda: len(self.listed(host)) == 2, 5, "both")
            answer = host.get("/registry")
            expected = "[" + LISTED % "go.micro.api" + "," + LISTED % "go.micro.srv.greeter" + "]"
            self.assertEqual((answer.status, answer.text, answer["Content-Type"]), (200, expected, "application/json"))
            self.assertEqual(host.get("/registry?service=go.micro.api").text,
                             '[{"name":"go.micro.api","version":"1.0.0","metadata":null,"endpoints":[{"name":"Say.Hello",'
                             '"request":null,"response":null,"metadata":null}],"nodes":[{"id":"go.micro.api-1",'
                             '"address":"127.0.0.1:1","metadata":{"protocol":"mucp"}}]}]')
            self.text(host.get("/registry?service=nothere"), 404, "Service not found")
            one = host.get("/registry?service=go.micro.api").json()
            self.assertEqual(host.get("/registry?all=1").json(), one + host.get("/registry?service=go.micro.srv.greeter").json())

    def test_a_registration_of_a_real_service_comes_back_as_it_was(self):
        text = micro_replay.NODE_1_18.format(address="127.0.0.1:18102")
        with proxying() as host:
            self.assertEqual(host.post("/registry", text, JSON).status, 200)
            self.known(host, "go.micro.srv.greeter")
            sent, got = json.loads(text), host.get("/registry?service=go.micro.srv.greeter").json()
            for e in sent["endpoints"]:
                e["metadata"] = e["metadata"] or None
            self.assertEqual(got, [sent])

    def test_the_posts_and_deletes_of_the_capture(self):
        body = '{"Name":"foo.bar","Nodes":[{"Port":9091,"Address":"127.0.0.1","Id":"foo.bar-017da09a"}]}'
        with proxying() as host:
            answer = host.post("/registry?ttl=10s", body, JSON)
            self.assertEqual((answer.status, answer.body), (200, b""))
            node = self.known(host)[0]["nodes"]
            self.assertEqual(node, [{"id": "foo.bar-017da09a", "address": "127.0.0.1:9091", "metadata": None}])
            answer = host.request("DELETE", "/registry", JSON, body)
            self.assertEqual((answer.status, answer.body), (200, b""))
            self.gone(host)
            self.assertEqual(host.request("DELETE", "/registry", JSON, body).status, 200)

    def test_what_is_registered_goes_when_it_is_not_heard_of_in_time(self):
        with proxying() as host:
            begin = time.monotonic()
            self.assertEqual(host.post("/registry?ttl=800ms", service()).status, 200)
            self.known(host)
            while time.monotonic() < begin + 1.6:  # a heartbeat keeps it
                self.assertEqual(host.post("/registry?ttl=800ms", service()).status, 200)
                self.assertEqual(self.listed(host), ["foo.bar"])
                harness.wait_for(lambda at=time.monotonic() + 0.2: time.monotonic() > at, 1, "a moment")
            last = time.monotonic()
            self.gone(host)
            self.assertLess(time.monotonic() - last, 1.5 * harness.SLOW)
            host.wait_for_log("a registered node was not heard of in time")
            self.assertEqual(host.post("/registry", service()).status, 200)  # and it may come again
            self.known(host)

    def test_a_node_that_is_registered_anew_is_never_missing(self):
        with proxying() as host:
            host.post("/registry", service())
            self.known(host)
            for port in range(9100, 9130):
                self.assertEqual(host.post("/registry", service(address=f"127.0.0.1:{port}")).status, 200)
                self.assertEqual(self.listed(host), ["foo.bar"])
            harness.wait_for(lambda: self.known(host)[0]["nodes"][0]["address"] == "127.0.0.1:9129", 5, "the last one")

    def test_a_body_that_comes_in_pieces_is_one_registration(self):
        body = service().encode()
        with proxying() as host, wire.Client(host.port()) as client:
            client.send(b"POST /registry HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body))
            client.send(body[:20])
            self.assertEqual(host.get("/registry").body, b"[]")
            client.send(body[20:])
            self.assertEqual(client.response("POST").status, 200)
            self.known(host)

    def test_what_is_wrong_is_said_in_one_line(self):
        with proxying() as host:
            for body, line in (
                ("{", "the body is no JSON"),
                ("[]", "the body must be an object: a service"),
                ('{"nodes":[]}', "name: is missing: write the name of the service"),
                ('{"name":"a"}', 'nodes: is missing: write at least one {"id","address"}'),
                ('{"name":"a","nodes":[{"address":"b:1"}]}', "nodes[0].id: is missing"),
                ('{"name":"a","nodes":[{"id":"a-1"}]}', "nodes[0].address: is missing"),
                ('{"name":"a","nodes":[{"id":"a-1","address":"b"}]}',
                 'nodes[0].address: has no port; write HOST:PORT, or "port" beside it'),
            ):
                self.text(host.post("/registry", body), 400, line)
            self.text(host.post("/registry"), 400, "the body must be a service as JSON")
            self.text(host.post("/registry?ttl=soon", service()), 400, "ttl: is no duration; write such as 10s or 1m30s")
            self.assertEqual(host.request("PUT", "/registry").status, 405)
            self.assertEqual(host.get("/registry").body, b"[]")

    def test_nodes_of_others_are_neither_replaced_nor_taken_away(self):
        with proxying() as host:
            host.register("foo.bar", "127.0.0.1:1", node="foo.bar-1")
            self.known(host)
            self.text(host.post("/registry", service()), 409,
                      "node foo.bar-1 of foo.bar is announced by somebody else; give yours another id")
            self.text(host.request("DELETE", "/registry", (), service()), 409,
                      "node foo.bar-1 of foo.bar was not registered here: who announces it has to take it back")
            self.assertEqual(self.known(host)[0]["nodes"][0]["address"], "127.0.0.1:1")

    def test_each_change_is_a_line_that_says_who(self):
        with proxying() as host:
            host.post("/registry", service())
            host.wait_for_log("registry.register")
            host.request("DELETE", "/registry", (), service())
            host.wait_for_log("registry.deregister")
            line = next(json.loads(x) for x in host.stderr.splitlines() if "registry.register" in x)
            wanted = {"msg": "audit", "service": "foo.bar", "nodes": "foo.bar-1", "principal": "local", "client": "127.0.0.1",
                      "outcome": "done"}
            self.assertEqual({k: line.get(k) for k in wanted}, wanted)

    def test_a_reload_of_the_module_keeps_what_was_registered(self):
        with proxying() as host:
            host.post("/registry", service())
            host.post("/registry?ttl=60s", service("with.ttl", "with.ttl-1"))
            self.known(host), self.known(host, "with.ttl")
            self.assertEqual(host.ask_control("POST", "/v1/commands/modules/reload", b'{"args":{"id":"proxy"}}').status, 200)
            harness.wait_for(lambda: [(m["generation"], m["stage"]) for m in host.ask_control("GET", "/v1/modules").json() if m["id"] == "proxy"]
                             == [(2, "serving")], 10, "the end of the first generation")
            for _ in range(20):
                self.assertEqual(self.listed(host), ["foo.bar", "with.ttl"])
            self.assertEqual(host.request("DELETE", "/registry", (), service()).status, 200)
            self.gone(host)

    def test_who_watches_outlives_a_reload_and_sees_what_comes(self):
        with proxying() as host:
            host.post("/registry", service())
            self.known(host)
            socket = Socket(host, "/registry", {"Host": "127.0.0.1"})
            self.assertEqual(host.ask_control("POST", "/v1/commands/modules/reload", b'{"args":{"id":"proxy"}}').status, 200)
            self.assertEqual(host.request("DELETE", "/registry", (), service()).status, 200)
            self.gone(host)  # although the generation that took it is kept by the watcher
            told = json.loads(socket.read()[1])
            self.assertEqual((told["Action"], told["Service"]["name"]), ("delete", "foo.bar"))
            socket.sock.close()

    def test_a_service_in_python_registers_is_called_and_is_gone_within_a_second_of_its_kill(self):
        name = "go.micro.srv.greeter"
        with proxying() as host:
            script = harness.ROOT / "examples/sidecar-python/sidecar.py"
            process = subprocess.Popen([sys.executable, script, name, f"http://127.0.0.1:{host.port()}"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            try:
                self.assertEqual(process.stdout.readline(), b"registered\n")
                self.known(host, name)
                self.assertEqual(host.post("/greeter/say/hello", '{"name":"John"}', JSON).json(), {"msg": "Hello John"})
                process.kill()
                begin = time.monotonic()
                self.gone(host, name)
                self.assertLess(time.monotonic() - begin, 1.0 * harness.SLOW + 0.2)
            finally:
                process.kill()
                process.communicate()

    def test_the_stop_takes_everything_back(self):
        with proxying() as host:
            host.post("/registry", service())
            self.known(host)
            folder = host.runtime / "registry/v1"
            self.assertEqual(len(list(folder.glob("foo*"))), 1)
            host.stop()
            self.assertEqual(list(folder.glob("foo*")), [])


class Watch(Case):
    def event(self, socket):
        first, payload = socket.read()
        self.assertEqual(first, 0x81)
        return json.loads(payload)

    def watching(self, host):
        socket = Socket(host, "/registry", {"Host": "127.0.0.1"})
        self.assertEqual(socket.head.status, 101)
        return socket

    def test_a_websocket_hears_of_every_change(self):
        with proxying() as host:
            host.register("go.micro.srv.old", "127.0.0.1:1")
            self.known(host, "go.micro.srv.old")
            socket = self.watching(host)
            for address, action in (("127.0.0.1:9091", "create"), ("127.0.0.1:9092", "update")):
                host.post("/registry", service(address=address))
                told = self.event(socket)
                self.assertEqual(list(told), ["Action", "Service"])
                self.assertEqual((told["Action"], told["Service"]["nodes"][0]["address"]), (action, address))
            host.request("DELETE", "/registry", (), service())
            told = self.event(socket)
            self.assertEqual((told["Action"], told["Service"]["name"]), ("delete", "foo.bar"))
            socket.sock.close()

    def test_two_hundred_watchers_hear_of_it_at_once(self):
        with proxying(loops=2) as host:
            sockets = [self.watching(host) for _ in range(200)]
            begin = time.monotonic()
            host.post("/registry", service())
            for socket in sockets:
                self.assertEqual(self.event(socket)["Action"], "create")
            self.assertLess(time.monotonic() - begin, 2 * harness.SLOW)  # the machine is shared: 0.2 s is measured alone
            for socket in sockets:
                socket.sock.close()


class Pages(Case):
    """What a web page can make a browser send."""

    def refused(self, host, line, target="/registry", method="GET", **fields):
        headers = [(name.replace("_", "-"), value) for name, value in fields.items()]
        answer = host.request(method, target, headers)
        self.assertEqual((answer.status, answer.json()["id"]), (403, "go.micro.proxy"), answer)
        host.wait_for_log(line)
        return answer

    def test_other_names_for_this_machine_are_refused(self):
        with proxying() as host:
            port = host.port()
            for name in ("127.0.0.1", f"127.0.0.1:{port}", "localhost", f"LocalHost:{port}", "a.localhost", "[::1]", "127.1.2.3"):
                self.assertEqual(host.get("/registry", [("Host", name)]).status, 200, name)
            for name in ("evil.example", f"evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.1"):
                self.refused(host, "for Host", Host=name)
            self.assertEqual(host.stderr.count("refused a request for Host"), 1)  # a page cannot fill the log

    def test_requests_of_pages_are_refused_however_they_come(self):
        with proxying() as host:
            self.refused(host, "Origin", Origin="https://evil.example")
            self.refused(host, "Origin", method="POST", target="/rpc", Origin="null")
            self.refused(host, "Origin", method="OPTIONS", target="/rpc", Origin="https://evil.example")
            self.refused(host, "Sec-Fetch-Site", Sec_Fetch_Site="cross-site")
            self.refused(host, "Sec-Fetch-Site", Sec_Fetch_Site="same-site")
            self.assertEqual(host.get("/registry", [("Sec-Fetch-Site", "none")]).status, 200)
            with self.assertRaises((EOFError, AssertionError)):
                socket = Socket(host, "/registry", {"Host": "127.0.0.1", "Origin": "https://evil.example"})
                self.assertEqual(socket.head.status, 101)

    def test_the_operator_can_let_some_in(self):
        with proxying(allowed_hosts="proxy.lan, other.lan", allowed_origins="https://app.example.com") as host:
            self.assertEqual(host.get("/registry", [("Host", "Proxy.LAN:8081")]).status, 200)
            origin = [("Origin", "https://app.example.com"), ("Sec-Fetch-Site", "cross-site")]
            self.assertEqual(host.get("/registry", origin).status, 200)
            self.refused(host, "Origin", Origin="https://app.example.com.evil.example")
        self.refuses({"load": ["proxy.so"]}, "--proxy_allowed_origins=*", words=("allowed_origins", '"*"'))


class Health(Case):
    def test_without_an_app_it_is_the_answer_of_capture_26c(self):
        with proxying() as host:
            answer = host.get("/health")
            self.assertEqual((answer.status, answer.body, answer["Content-Type"]), (200, b"OK", "text/plain; charset=utf-8"))

    def test_an_app_is_registered_for_as_long_as_it_is_healthy(self):
        upstream = wire.Upstream(wire.answer(b"fine"))
        app = {"server_name": "foo", "server_address": upstream.address, "healthcheck_interval": "100ms",
               "healthcheck_url": f"http://{upstream.address}/up"}
        with upstream, proxying(**app) as host:
            node = self.known(host, "foo")[0]["nodes"][0]
            self.assertTrue(node["id"].startswith("foo-"))
            self.assertEqual((node["address"], node["metadata"]), (upstream.address, {"protocol": "mucp"}))
            self.assertEqual((host.get("/health").status, host.get("/health").body), (200, b"fine"))
            upstream.script = wire.answer(b"ill", "503 Service Unavailable")
            self.gone(host, "foo")
            host.wait_for_log("the app is not healthy")
            self.assertEqual((host.get("/health").status, host.get("/health").body), (503, b"ill"))
            upstream.script = wire.answer(b"fine")
            self.known(host, "foo")

    def test_an_app_that_is_not_there_is_not_registered(self):
        with proxying(server_name="foo", server_address="127.0.0.1:1", healthcheck_url="http://127.0.0.1:1/") as host:
            host.wait_for_log("the app is not healthy")
            self.assertEqual(self.listed(host), [])
            self.assertEqual((host.get("/health").status, host.get("/health").text), (500, "it does not answer"))

    def test_name_and_address_belong_together(self):
        config = {"load": ["proxy.so"]}
        self.refuses(config, "--proxy_server_name=foo", words=("Require server address",))
        self.refuses(config, "--proxy_server_address=127.0.0.1:1", words=("Require server name",))


if __name__ == "__main__":
    unittest.main()
