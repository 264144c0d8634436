# SPDX-License-Identifier: Apache-2.0
"""Calls through proxy.so: what real go-micro clients with MICRO_PROXY_ADDRESS sent (captures 51*, 01 to 12), /rpc (36*, v1.1-26)
and /SERVICE/METHOD."""
import json
import unittest
from urllib.parse import urlencode

import fixtures
import harness
import micro_replay
import mucp
import wire
from proxy_test import JSON, Case, proxying
from rpc_listener_test import serve
from rpc_stream_test import ROOM, counted

NAME = "go.micro.srv.greeter"
FAIL = '{"id":"go.micro.srv.greeter","code":400,"detail":"you asked for fail","status":"Bad Request"}'
CURL = (b"POST / HTTP/1.1\r\nHost: 127.0.0.1:18091\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\nContent-Type: application/json\r\n"
        b"Micro-Service: %s\r\nMicro-Endpoint: Say.Hello\r\nContent-Length: %d\r\n\r\n%s")


def error_answer(text=FAIL):
    """What the service of capture 51d answered."""
    return (f"HTTP/1.1 200 OK\r\nAccept: application/json\r\nContent-Type: application/json\r\nMicro-Endpoint: Say.Hello\r\n"
            f"Micro-Error: {text}\r\nMicro-Id: 0\r\nMicro-Method: Say.Hello\r\nMicro-Service: {NAME}\r\nX-From-Id: somebody else\r\n"
            f"X-Micro-Error: {text}\r\nContent-Length: 0\r\n\r\n").encode()


class Replayed(Case):
    """In front of a service that answers with the bytes of a real one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service, cls.host = micro_replay.Greeter(), proxying()
        cls.host.start()
        cls.host.register(NAME, cls.service.address)
        harness.wait_for(lambda: cls.host.get(f"/registry?service={NAME}").status == 200, 5, NAME)

    @classmethod
    def tearDownClass(cls):
        try:
            cls.host.stop()
        finally:
            cls.host.kill()
            cls.host._clean()
            cls.service.close()

    def setUp(self):
        self.service.answer = micro_replay.ANSWER
        self.service.requests.clear()

    def ask(self, data):
        with wire.Client(self.host.port()) as client:
            client.send(data)
            return client.response("POST")

    def test_capture_51_a_client_of_1_18(self):
        answer = self.ask(mucp.CAPTURED["02"])
        self.assertEqual((answer.status, answer.body), (200, b'{"msg":"Hello John"}\n'))
        names = {"Micro-Endpoint": "Say.Hello", "Micro-Id": "0", "Micro-Method": "Say.Hello", "Micro-Service": NAME,
                 "Content-Type": "application/json"}
        self.assertEqual({n: answer[n] for n in names}, names)
        sent = self.service.requests[-1]
        self.assertEqual((sent.start, sent.body), ("POST / HTTP/1.1", b'{"name":"John"}\n'))
        passed = {"Micro-From-Service": "go.micro.server", "X-From-Id": "script", "X-User-Id": "john", "Micro-Service": NAME,
                  "Micro-Endpoint": "Say.Hello", "Micro-Method": "Say.Hello", "Content-Type": "application/json"}
        self.assertEqual({n: sent[n] for n in passed}, passed)
        self.assertTrue(sent["Remote"].startswith("127.0.0.1:"))
        self.assertLessEqual(int(sent["Timeout"]), 5_000_000_000)
        self.assertGreater(int(sent["Timeout"]), 4_000_000_000)

    def test_capture_51b_protobuf(self):
        self.service.answer = micro_replay.ANSWER.replace(b"application/json", b"application/protobuf").replace(
            b'{"msg":"Hello John"}\n', b"\n\nHello John").replace(b"Content-Length: 21", b"Content-Length: 12")
        self.assertEqual(self.ask(mucp.CAPTURED["01"]).body, b"\n\nHello John")
        self.assertEqual(self.service.requests[-1].body, b"\n\x04John")

    def test_capture_51c_curl(self):
        answer = self.ask(CURL % (NAME.encode(), 15, b'{"name":"John"}'))
        self.assertEqual((answer.status, answer.body), (200, b'{"msg":"Hello John"}\n'))
        self.assertNotIn("Micro-Id", answer)  # it sent none

    def test_capture_51d_errors_pass_as_they_are_and_nobody_elses_fields_do(self):
        self.service.answer = error_answer()
        answer = self.ask(CURL % (NAME.encode(), 15, b'{"name":"fail"}'))
        self.assertEqual((answer.status, answer.body, answer["Content-Length"]), (200, b"", "0"))
        self.assertEqual((answer["Micro-Error"], answer["X-Micro-Error"]), (FAIL, FAIL))
        self.assertNotIn("X-From-Id", answer)

    def test_capture_51e_an_unknown_service(self):
        answer = self.ask(CURL % (b"go.micro.srv.greetr", 2, b"{}"))
        self.assertEqual(answer.status, 200)  # anything else is a broken transport to go-micro
        self.assertEqual(json.loads(answer["Micro-Error"]), {
            "id": "go.micro.proxy", "code": 404, "status": "Not Found",
            "detail": f"route not found: there is no service go.micro.srv.greetr; nearest: {NAME}"})

    def test_a_blank_service_is_said_to_be_one(self):
        answer = self.ask(CURL % (b"", 2, b"{}"))
        self.assertEqual(answer["Micro-Error"],
                         '{"id":"go.micro.proxy","code":400,"detail":"service name is blank","status":"Bad Request"}')

    def test_many_calls_on_one_connection(self):
        with wire.Client(self.host.port()) as client:
            for number in range(50):
                client.send(mucp.request("Say.Hello", b"{}\n", number=number))
                self.assertEqual(client.response("POST")["Micro-Id"], str(number))

    def test_a_page_cannot_call_either(self):
        page = mucp.request("Say.Hello", b"{}\n", extra=b"Origin: https://evil.example\r\n")
        self.assertEqual(json.loads(self.ask(page)["Micro-Error"])["code"], 403)
        self.assertEqual(self.service.requests, [])

    # ---- /rpc

    def test_captures_36_json_and_form(self):
        body = {"service": NAME, "endpoint": "Say.Hello", "request": {"name": "John"}}
        form = urlencode({**body, "request": '{"name":"John"}'})
        method = urlencode({"service": NAME, "method": "Say.Hello", "request": '{"name":"John"}'})
        text = json.dumps({**body, "request": '{"name":"John"}'})
        kind = [("Content-Type", "application/x-www-form-urlencoded")]
        for sent, headers in ((json.dumps(body, separators=(",", ":")), JSON), (text, JSON), (form, kind), (method, kind)):
            answer = self.host.post("/rpc", sent, [*headers, ("X-User", "john")])
            self.assertEqual((answer.status, answer.body), (200, b'{"msg":"Hello John"}'))
            self.assertEqual((answer["Content-Type"], answer["Content-Length"]), ("application/json", "20"))
            self.assertEqual(self.service.requests[-1].body, b'{"name":"John"}')
            self.assertEqual(self.service.requests[-1]["X-User"], "john")

    def test_capture_36c_the_error_of_the_service(self):
        self.service.answer = error_answer()
        answer = self.host.post("/rpc", json.dumps({"service": NAME, "endpoint": "Say.Hello", "request": {}}), JSON)
        self.assertEqual((answer.status, answer.text, answer["Content-Length"]), (400, FAIL, "93"))

    def test_capture_36d_and_what_is_missing(self):
        self.text(self.host.get("/rpc"), 405, "Method not allowed")
        for body, detail in (({"endpoint": "a"}, "invalid service"), ({"service": "a"}, "invalid endpoint"),
                             ({"service": NAME, "endpoint": "a", "address": "127.0.0.1:1"},
                              "invalid address: it is no node of the service")):
            answer = self.host.post("/rpc", json.dumps(body), JSON)
            self.assertEqual((answer.status, answer.json()["id"], answer.json()["detail"]), (400, "go.micro.rpc", detail))
        answer = self.host.post("/rpc", json.dumps({"service": "go.micro.srv.greetr", "endpoint": "a.b"}), JSON)
        self.assertEqual((answer.status, answer.json()["detail"]),
                         (404, f"service not found: go.micro.srv.greetr (nearest: {NAME})"))

    def test_capture_96_a_node_without_protocol_gets_json_rpc(self):
        reply = b'{"id":"%s","result":{"msg":"Hello John"},"error":null}\n'
        old = wire.Upstream(lambda call, _: wire.answer(reply % json.loads(call.body)["id"].encode(),
                                                        headers=[("Content-Type", "application/json-rpc")]))
        with old:
            node = {"name": "go.micro.srv.nometa", "version": "1", "nodes": [{"id": "nometa-1", "address": old.address}]}
            self.assertEqual(self.host.post("/registry", json.dumps(node)).status, 200)
            body = '{"service":"go.micro.srv.nometa","endpoint":"Say.Hello","request":{"name":"John"}}'
            harness.wait_for(lambda: self.host.post("/rpc", body, JSON).status == 200, 5, "it")
            self.assertEqual(self.host.post("/rpc", body, JSON).body, b'{"msg":"Hello John"}')
            sent = old.requests[-1]
            self.assertEqual(sent["Content-Type"], "application/json-rpc")
            self.assertEqual({k: v for k, v in sent.json().items() if k != "id"}, {"method": "Say.Hello", "params": [{"name": "John"}]})
            call = mucp.request("Say.Hello", b'{"name":"John"}\n', service="go.micro.srv.nometa")
            self.assertEqual(self.ask(call).body.strip(), b'{"msg":"Hello John"}')
            self.host.request("DELETE", "/registry", (), json.dumps(node))

    def test_capture_97_numbers_keep_every_digit(self):
        self.service.answer = wire.answer(b'{"n":9007199254740993}\n', headers=[*JSON, ("Micro-Id", "0")])
        sent = '{"service":"%s","endpoint":"Say.Hello","request":{"n": 9007199254740993, "d": 1.10}}' % NAME
        self.assertEqual(self.host.post("/rpc", sent, JSON).body, b'{"n":9007199254740993}')
        self.assertEqual(self.service.requests[-1].body, b'{"n": 9007199254740993, "d": 1.10}')

    def test_capture_98_a_caller_may_wait_for_the_100(self):
        with wire.Client(self.host.port()) as client:
            body = b'{"name":"John"}\n'
            head, _, _ = mucp.request("Say.Hello", body).partition(b"\r\n\r\n")
            client.send(head + b"\r\nExpect: 100-continue\r\n\r\n")
            self.assertIn(b"100 Continue", client.reader.until(b"\r\n\r\n"))
            client.send(body)
            self.assertEqual(client.response("POST").body, b'{"msg":"Hello John"}\n')

    def test_a_node_of_the_service_can_be_named(self):
        body = {"service": NAME, "endpoint": "Debug.Health", "address": self.service.address, "request": {}}
        self.assertEqual(self.host.post("/rpc", json.dumps(body), JSON).status, 200)
        self.assertEqual(self.service.requests[-1]["Micro-Endpoint"], "Debug.Health")

    # ---- /SERVICE/METHOD

    def test_paths_name_services_as_the_sidecar_did(self):
        for name in ("foo", "foo.bar", "v1.foo"):
            self.host.register(f"go.micro.srv.{name}", self.service.address, node=name)
            harness.wait_for(lambda n=name: self.host.get(f"/registry?service=go.micro.srv.{n}").status == 200, 5, name)
        for path, name, endpoint in (("/foo/bar", "foo", "Foo.Bar"), ("/foo/bar/baz", "foo", "Bar.Baz"),
                                     ("/foo/bar/baz/cat", "foo.bar", "Baz.Cat"), ("/v1/foo/bar", "v1.foo", "Foo.Bar"),
                                     ("/v1/foo/bar/baz", "v1.foo", "Bar.Baz")):
            answer = self.host.post(path, '{"name":"John"}', JSON)
            self.assertEqual((answer.status, answer.body), (200, b'{"msg":"Hello John"}'), path)
            sent = self.service.requests[-1]
            self.assertEqual((sent["Micro-Service"], sent["Micro-Endpoint"]), (f"go.micro.srv.{name}", endpoint))

    def test_paths_take_post_alone_and_two_kinds_of_body(self):
        self.text(self.host.get("/greeter/say/hello"), 405, "Method not allowed")
        answer = self.host.post("/greeter/say/hello", "<a/>", [("Content-Type", "text/xml")])
        self.assertEqual((answer.status, answer.json()["detail"]), (415, "unsupported content-type: use JSON or protobuf"))
        self.assertEqual(self.host.post("/greeter/say/hello", b"\n\x04John", [("Content-Type", "application/protobuf")]).status, 200)
        self.assertEqual(self.service.requests[-1]["Content-Type"], "application/protobuf")

    def test_the_root_says_what_is_here(self):
        self.text(self.host.get("/"), 404, "this is the proxy: /registry, /rpc, /SERVICE/METHOD, /health")


class Live(Case):
    """In front of a process that offers its services, found by the folder that both share."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not fixtures.FOLDER.joinpath("speaker.so").exists():
            raise unittest.SkipTest("the fixtures are not built")
        cls.host = proxying()
        cls.host.start()
        cls.speaker = serve(folder=cls.host.folder)
        try:
            cls.speaker.start()
            harness.wait_for(lambda: cls.host.get(f"/registry?service={NAME}").status == 200, 5, "the service")
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        try:
            cls.speaker.stop()
            cls.host.stop()
        finally:
            cls.speaker.kill()
            cls.host.kill()
            cls.host._clean()

    def test_capture_51f_a_stream_of_the_server(self):
        with mucp.Stream(self.host.port(), "Say.Stream") as stream:
            stream.write(b'{"name":"John"}\n')
            self.assertEqual([stream.read().json()["msg"] for _ in range(3)], ["Hello John", "Bonjour John", "Hola John"])
            self.assertIsNone(stream.read())

    def test_a_stream_in_both_directions_and_its_errors(self):
        with mucp.Stream(self.host.port(), "Streamer.Stream", kind="protobuf", opening=b"") as stream:
            for n in range(50):
                stream.write(b"\x08%c" % n)
            for n in range(50):
                self.assertEqual(stream.read().body, b"\x08%c" % n)
            stream.end()
            self.assertIsNone(stream.read())
        with mucp.Stream(self.host.port(), "Streamer.Stream") as stream:
            stream.write(b'"fail"')
            with self.assertRaisesRegex(RuntimeError, "you asked for fail"):
                stream.read()
        with mucp.Stream(self.host.port(), "Streamer.Stream", service="go.micro.srv.nothere") as stream:
            with self.assertRaisesRegex(RuntimeError, "route not found"):
                stream.read()

    def test_who_does_not_read_holds_the_service_back(self):
        before = counted(self.speaker)
        with mucp.Stream(self.host.port(), "Streamer.Flood", kind="protobuf", opening=b"") as stream:
            stream.write(b"4000")  # 64 MB
            harness.wait_for(lambda: counted(self.speaker)["busy"] > before["busy"], 10, "the window")
            memory = self.host.memory()
            for _ in range(1000):
                self.assertEqual(len(stream.read().body), 16384)
            self.assertLess(self.host.memory(), memory + ROOM)
        harness.wait_for(lambda: counted(self.speaker)["open"] == 0, 5, "no stream")

    def ask_stream(self, endpoint, request, service=NAME):
        body = json.dumps({"service": service, "endpoint": endpoint, "request": request}, separators=(",", ":"))
        return self.host.post("/rpc", body, [*JSON, ("Accept", "application/x-ndjson")])

    def test_rpc_gives_the_messages_of_a_stream_as_lines(self):
        answer = self.ask_stream("Say.Stream", {"name": "John"})
        self.assertEqual((answer.status, answer["Content-Type"]), (200, "application/x-ndjson"))
        self.assertEqual([json.loads(line)["msg"] for line in answer.text.splitlines()],
                         ["Hello John", "Bonjour John", "Hola John"])

    def test_rpc_tells_of_a_stream_that_does_not_begin(self):
        answer = self.ask_stream("Say.Stream", {}, service="go.micro.srv.nothere")
        self.assertEqual((answer.status, answer.json()["code"]), (404, 404))
        answer = self.ask_stream("Streamer.Stream", '"fail"')
        self.assertEqual((answer.status, answer.json()["detail"]), (400, "you asked for fail"))

    def test_who_leaves_a_stream_of_lines_ends_it(self):
        before = counted(self.speaker)
        body = json.dumps({"service": NAME, "endpoint": "Streamer.Flood", "request": 4000}).encode()
        with wire.Client(self.host.port()) as client:
            client.send(b"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/x-ndjson\r\n"
                        b"Content-Length: %d\r\n\r\n" % len(body) + body)
            harness.wait_for(lambda: counted(self.speaker)["busy"] > before["busy"], 10, "the window")
            memory = self.host.memory()
            self.assertLess(memory, (60 << 20) + ROOM)  # the service is held back, not kept in memory
        harness.wait_for(lambda: counted(self.speaker)["open"] == 0, 5, "no stream")

    def test_old_framings_are_understood(self):
        for capture, body in (("96a", b'{"id":"0","result":{"name":"John"},"error":null}'), ("v1.1-02", b'{"name":"John"}\n')):
            with wire.Client(self.host.port()) as client:
                client.send(mucp.CAPTURED[capture])
                self.assertEqual(client.response("POST").body.strip(), body.strip(), capture)


if __name__ == "__main__":
    unittest.main()
