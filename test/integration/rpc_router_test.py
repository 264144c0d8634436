# SPDX-License-Identifier: Apache-2.0
"""A module that takes any call of Micro's wire protocol and joins it with a call of its own: joiner.so before speaker.so."""
import json
import unittest

import fixtures
import harness
import mucp
import wire
from rpc_listener_test import NAME, Case, nodes, serve
from rpc_stream_test import ROOM, counted

JOINER = str(fixtures.FOLDER / "joiner.so")


class Router(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = harness.Microhost({"host": {"loops": 1}, "load": [JOINER]})
        cls.host.start()
        cls.speaker = serve(folder=cls.host.folder)
        try:
            cls.speaker.start()
            harness.wait_for(lambda: "Micro-Error" not in cls.ask(mucp.CAPTURED["02"]), 5, "the service")
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

    @classmethod
    def ask(cls, data):
        with wire.Client(cls.host.port()) as client:
            client.send(data)
            return client.response("POST")

    def test_unary_calls_pass_unread_in_both_directions(self):
        for capture in ("01", "02", "v1.1-02"):
            answer = self.ask(mucp.CAPTURED[capture])
            self.assertIn(answer.body, (b"\n\x04John", b'{"name":"John"}\n'))
            self.assertEqual((answer.status, answer["Micro-Id"]), (200, "0"))
        self.assertEqual(json.loads(self.ask(mucp.CAPTURED["03"])["Micro-Error"])["detail"], "you asked for fail")
        seen = self.ask(mucp.CAPTURED["08"]).json()
        self.assertEqual(seen["user"], "john")

    def test_what_the_router_answers_itself(self):
        self.assertEqual(self.ask(mucp.request("Any.Thing", b'{"a":1}', service="answer")).json(), {"a": 1})
        gone = json.loads(self.ask(mucp.request("Any.Thing", b"{}", service="nobody"))["Micro-Error"])
        self.assertEqual((gone["code"], gone["detail"]), (404, "unknown service"))

    def test_streams_pass_in_both_directions_to_their_end(self):
        with mucp.Stream(self.host.port(), "Say.Stream") as stream:
            stream.write(b'{"name":"John"}\n')
            self.assertEqual([stream.read().json()["msg"] for _ in range(3)], ["Hello John", "Bonjour John", "Hola John"])
            self.assertIsNone(stream.read())
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

    def test_back_pressure_and_the_callers_end_reach_the_service(self):
        before = counted(self.speaker)
        with mucp.Stream(self.host.port(), "Streamer.Flood", kind="protobuf", opening=b"") as stream:
            stream.write(b"4000")  # 64 MB
            harness.wait_for(lambda: counted(self.speaker)["busy"] > before["busy"], 10, "the window")
            memory = self.host.memory()
            for _ in range(1000):
                self.assertEqual(len(stream.read().body), 16384)
            self.assertLess(self.host.memory(), memory + ROOM)
        harness.wait_for(lambda: counted(self.speaker)["cancelled"] == before["cancelled"] + 1, 5, "its end")
        harness.wait_for(lambda: counted(self.speaker)["open"] == 0, 5, "no stream")

    def test_the_router_is_not_announced(self):
        self.assertEqual({n["name"] for n in nodes(self.host).values()}, {NAME})


if __name__ == "__main__":
    unittest.main()
