# SPDX-License-Identifier: Apache-2.0
"""A websocket joined to an endpoint that streams: through the gateway, and through the proxy's /rpc."""
import json
import unittest

import fixtures
import harness
import wire
from rpc_listener_test import NAME, SPEAKER
from rpc_stream_test import ROOM, counted
from websocket_test import BINARY, CLOSE, FIN, TEXT, Socket

SERVICE = "greeter"  # NAME without the gateway's namespace


class Joined:
    """What holds on both ways; `open` gives a websocket to an endpoint."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = harness.Microhost({
            "host": {"loops": 1, "rpc_address": ["127.0.0.1:0"]}, "load": ["api.so", "proxy.so", SPEAKER],
            "modules": {"api": {"address": "127.0.0.1:0", "handler": "rpc", "namespace": "go.micro.srv"}, "proxy": {"address": "127.0.0.1:0"}}})
        cls.host.start()

    @classmethod
    def tearDownClass(cls):
        try:
            cls.host.stop()
        finally:
            cls.host.kill()
            cls.host._clean()

    def socket(self, listener, path, **fields):
        class At:
            port = staticmethod(lambda: self.host.port(listener))
        return Socket(At, path, {"Host": f"127.0.0.1:{At.port()}", **fields})

    def texts(self, socket, count):
        return [self.text(socket) for _ in range(count)]

    def text(self, socket):
        first, payload = socket.read()
        self.assertEqual(first, FIN | TEXT, payload)
        return payload.decode()

    def closing(self, socket):
        first, payload = socket.read()
        self.assertEqual(first, FIN | CLOSE, (first, payload))
        return int.from_bytes(payload[:2], "big"), payload[2:].decode()

    def test_a_stream_of_the_service_and_its_end(self):
        with self.open("Say.Stream") as socket:
            self.assertEqual(socket.head.status, 101)
            socket.send(FIN | TEXT, b'{"name":"John"}')
            self.assertEqual([json.loads(t)["msg"] for t in self.texts(socket, 3)], ["Hello John", "Bonjour John", "Hola John"])
            self.assertEqual(self.closing(socket), (1000, ""))

    def test_messages_go_both_ways(self):
        with self.open("Streamer.Stream") as socket:
            for n in range(5):
                socket.send(FIN | TEXT, b'{"count":%d}' % n)
                self.assertEqual(self.text(socket), '{"count":%d}' % n)

    def test_an_error_of_the_service_is_the_reason_of_the_end(self):
        with self.open("Streamer.Stream") as socket:
            socket.send(FIN | TEXT, b'"fail"')
            self.assertEqual(self.closing(socket), (1011, "you asked for fail"))

    def test_the_service_hears_when_the_client_leaves(self):
        before = counted(self.host)
        with self.open("Streamer.Stream") as socket:
            socket.send(FIN | TEXT, b'{"a":1}')
            self.text(socket)
        harness.wait_for(lambda: counted(self.host)["cancelled"] == before["cancelled"] + 1, 5, "one more that is cancelled")

    def test_a_client_that_does_not_read_holds_the_service_back(self):
        before = counted(self.host)
        with self.open("Streamer.Flood") as socket:
            socket.send(FIN | TEXT, b"2000")  # 32 MB
            harness.wait_for(lambda: counted(self.host)["busy"] > before["busy"], 10, "the window")
            self.assertLess(self.host.memory(), (60 << 20) + ROOM)
            total = sum(len(socket.read()[1]) for _ in range(2000))
            self.assertEqual(total, 2000 * 16384)
            self.assertEqual(self.closing(socket)[0], 1000)

    def test_what_there_is_not(self):
        with self.open("Say.Hello", service="nobody") as socket:
            self.assertEqual(socket.head.status, 404)


class Gateway(Joined, harness.Case):
    def open(self, endpoint, service=SERVICE, query="", **fields):
        handler, method = endpoint.split(".")
        return self.socket("api", f"/{service}/{handler.lower()}/{method.lower()}{query}", **fields)

    def test_the_query_is_the_first_message(self):
        with self.open("Say.Stream", query="?name=Ann") as socket:
            self.assertEqual(json.loads(self.text(socket))["msg"], "Hello Ann")

    def test_protobuf_travels_in_binary_frames(self):
        with self.open("Streamer.Stream", **{"Content-Type": "application/protobuf"}) as socket:
            socket.send(FIN | BINARY, b"\x08\x07")
            self.assertEqual(socket.read(), (FIN | BINARY, b"\x08\x07"))

    def test_an_endpoint_that_does_not_stream_is_refused(self):
        with self.open("Say.Hello") as socket:
            self.assertEqual(socket.head.status, 400)
            self.assertIn(b"does not stream", socket.take(100))


class Sidecar(Joined, harness.Case):
    def open(self, endpoint, service=NAME, **fields):
        return self.socket("proxy", f"/rpc?service={service}&endpoint={endpoint}", **fields)

    def test_pages_of_strangers_are_refused(self):
        with self.open("Say.Stream", Origin="https://evil.example") as socket:
            self.assertEqual(socket.head.status, 403)


if __name__ == "__main__":
    unittest.main()
