# SPDX-License-Identifier: Apache-2.0
"""The harness itself, and the README's Python service, without the program under test."""
import json
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

import harness
import wire

GREETER = harness.ROOT / "examples/greeter-python/greeter.py"


class Wire(unittest.TestCase):
    def test_the_upstream_records_exact_bytes_and_the_client_keeps_its_connection(self):
        with wire.Upstream([wire.answer("one"), wire.answer("two", "404 Not Found")]) as upstream:
            with wire.Client(upstream.port) as client:
                self.assertEqual(client.request("GET", "/a").text, "one")
                second = client.request("POST", "/b", [("X-Twice", "1"), ("X-Twice", "2")], "body")
            self.assertEqual((second.status, second.text), (404, "two"))
            host = f"Host: 127.0.0.1:{upstream.port}\r\n".encode()
            self.assertEqual(
                upstream.received,
                [
                    b"GET /a HTTP/1.1\r\n" + host + b"\r\n"
                    b"POST /b HTTP/1.1\r\n" + host + b"X-Twice: 1\r\nX-Twice: 2\r\nContent-Length: 4\r\n\r\nbody"
                ],
            )
            self.assertEqual(upstream.requests[1].all("x-twice"), ["1", "2"])

    def test_a_chunked_body_with_trailers_is_read(self):
        script = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-End: yes\r\n\r\n"
        with wire.Upstream(script) as upstream, wire.Client(upstream.port) as client:
            response = client.request("GET", "/")
        self.assertEqual((response.body, response.trailers), (b"abcde", [("X-End", "yes")]))

    def test_an_answer_that_is_cut_short_is_an_error(self):
        def cut(_, sock):
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")

        with wire.Upstream(cut) as upstream, wire.Client(upstream.port) as client:
            with self.assertRaises(EOFError):
                client.request("GET", "/")

    def test_informational_answers_and_head_are_understood(self):
        script = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
        with wire.Upstream(script) as upstream, wire.Client(upstream.port) as client:
            self.assertEqual(client.request("HEAD", "/").body, b"")
            self.assertEqual([m.status for m in client.informational], [103])


class Services(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="microhost-test-")
        self.addCleanup(folder.cleanup)
        self.host = SimpleNamespace(folder=Path(folder.name), runtime=Path(folder.name, "runtime"))

    def node_of(self, service):
        (path,) = service.registry.glob("*.json")
        content = json.loads(path.read_text())
        return int(content["nodes"][0]["address"].rpartition(":")[2]), content

    def test_the_echo_service_registers_answers_and_leaves(self):
        with harness.Service(self.host, "go.micro.srv.echo") as service:
            port, content = self.node_of(service)
            self.assertEqual((content["format"], content["name"]), (1, "go.micro.srv.echo"))
            with wire.Client(port) as client:
                call = [("Micro-Endpoint", "Echo.Call"), ("Micro-Id", "7"), ("Content-Type", "application/json")]
                answer = client.request("POST", "/", call, b'{"a": 1}')
                self.assertEqual((answer.json()["endpoint"], answer.json()["body"]), ("Echo.Call", '{"a": 1}'))
                self.assertEqual(answer["Micro-Id"], "7")
                failed = client.request("POST", "/", [("Micro-Endpoint", "Echo.Fail")], b'{"error": "no"}')
                self.assertEqual((failed.status, failed["Micro-Error"], failed.body), (200, "no", b""))
        self.assertEqual(list(service.registry.iterdir()), [])

    def test_the_python_greeter_of_the_readme_greets_and_removes_its_file(self):
        with harness.Service(self.host, "go.micro.api.hello", script=GREETER) as service:
            port, content = self.node_of(service)
            with wire.Client(port) as client:
                for body in (b'{"name": "John"}', b'{"name": "Jane"}'):
                    said = client.request("POST", "/", [("Micro-Endpoint", "Say.Hello")], body).json()["msg"]
                    self.assertEqual(said, "Hello " + json.loads(body)["name"])
            self.assertEqual(content["endpoints"][0]["name"], "Say.Hello")
        self.assertEqual(list(service.registry.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
