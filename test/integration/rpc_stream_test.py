# SPDX-License-Identifier: Apache-2.0
"""Streams of Micro's wire protocol: a service of the process behind its rpc listener, and modules that call streams in the process,
on other nodes, and of a service that breaks the rules."""
import json
import socket
import unittest

import fixtures
import harness
import mucp
import wire
from rpc_listener_test import NAME, SPEAKER, Case, serve

ROOM = 4_000_000 if harness.SLOW == 1 else 64_000_000  # a sanitizer keeps what was freed

CALLERS = str(fixtures.FOLDER / "callers.so")


def counted(host, listener="rpc"):
    """What became of the streams of speaker.so."""
    answer = host.post("/", b"{}", [("Content-Type", "application/json"), ("Micro-Endpoint", "Speaker.Count")], listener=listener)
    return answer.json()


class Served(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = serve("--loops", "1")
        cls.host.start()

    @classmethod
    def tearDownClass(cls):
        try:
            cls.host.stop()
        finally:
            cls.host.kill()
            cls.host._clean()

    def stream(self, endpoint, **options):
        return mucp.Stream(self.host.port(), endpoint, **options)

    def became(self, what, before):
        harness.wait_for(lambda: counted(self.host)[what] == before[what] + 1, 5, f"one more that is {what}")

    def test_a_server_stream_as_go_micro_asks_for_it(self):
        for opening in (b"{}\n", b'{"name":"John"}\n'):  # captures 10 and 28: the value of the opening request reaches nobody
            with self.subTest(opening), self.stream("Say.Stream", opening=opening) as stream:
                stream.write(b'{"name":"John"}\n')
                messages = [stream.read() for _ in range(3)]
                self.assertEqual([m.json()["msg"] for m in messages], ["Hello John", "Bonjour John", "Hola John"])
                for m in messages:
                    self.assertEqual((m["Micro-Stream"], m["Micro-Id"], m["X-Micro-Id"]), ("0", "0", "0"))
                    self.assertEqual((m["Content-Type"], m["Micro-Service"]), ("application/json", NAME))
                    self.assertNotIn("X-User-Id", m)
                self.assertIsNone(stream.read())
                stream.end()  # as the client does before it closes
                self.assertTrue(stream.client.closed())

    def test_messages_go_both_ways_at_once_and_empty_ones_are_messages(self):
        with self.stream("Streamer.Stream", kind="protobuf", opening=b"", number=7) as stream:
            stream.write(b"")
            self.assertEqual(stream.read().body, b"")
            for n in range(100):
                stream.write(b"\x08%c" % n)
            for n in range(100):
                self.assertEqual(stream.read().body, b"\x08%c" % n)
            stream.end()
            self.assertIsNone(stream.read())

    def test_old_clients_name_neither_stream_nor_id(self):
        before = counted(self.host)
        with wire.Client(self.host.port()) as client:
            chunked = mucp.OLD % (b"Transfer-Encoding: chunked", b"0\r\n\r\n")
            client.send(chunked + mucp.OLD % (b"Content-Length: 2", b"\x08\x01"))
            answer = client.response("POST")
            self.assertEqual((answer.body, answer["Micro-Id"], answer["Micro-Stream"]), (b"\x08\x01", None, None))
        self.became("cancelled", before)

    def test_byte_by_byte_is_the_same(self):
        data = (mucp.request("Say.Stream", b"{}\n", stream=0) + mucp.request("Say.Stream", b'{"name":"John"}\n', stream=0))
        with wire.Client(self.host.port()) as client:
            for byte in data:
                client.send(bytes([byte]))
            self.assertEqual([client.response("POST").json()["msg"] for _ in range(3)], ["Hello John", "Bonjour John", "Hola John"])
            self.assertEqual(client.response("POST")["Micro-Error"], "EOS")

    def test_an_error_of_the_service_ends_the_stream(self):
        with self.stream("Streamer.Stream") as stream:
            stream.write(b'{"name":"fail"}')
            with self.assertRaises(RuntimeError) as failed:
                stream.read()
            self.assertEqual(json.loads(str(failed.exception))["detail"], "you asked for fail")
            self.assertTrue(stream.client.closed())
        with self.stream("Streamer.Refuse") as stream, self.assertRaisesRegex(RuntimeError, "not today"):
            stream.read()

    def test_the_service_hears_when_the_caller_leaves(self):
        before = counted(self.host)
        with self.stream("Streamer.Stream") as stream:
            stream.write(b"{}")
            stream.read()
        self.became("cancelled", before)
        before = counted(self.host)
        with self.stream("Streamer.Stream") as stream:
            stream.write(b"{}")
            stream.read()
            stream.client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.became("cancelled", before)
        self.assertEqual(counted(self.host)["open"], 0)

    def test_who_does_not_read_holds_the_service_back(self):
        before = counted(self.host)
        blocks = 2000  # 32 MB
        with self.stream("Streamer.Flood", kind="protobuf", opening=b"") as stream:
            stream.write(str(blocks).encode())
            harness.wait_for(lambda: counted(self.host)["busy"] > before["busy"], 10, "the window")
            memory = self.host.memory()
            for n in range(blocks):
                body = stream.read().body
                self.assertEqual((len(body), body[0]), (16384, ord("a") + n % 26))
            self.assertIsNone(stream.read())
            self.assertLess(self.host.memory(), memory + ROOM)
        self.became("ok", before)

    def test_who_does_not_read_is_not_read_either(self):
        with self.stream("Streamer.Stream", kind="protobuf", opening=b"") as stream:
            message = mucp.request("Streamer.Stream", b"x" * 100_000, kind="protobuf", stream=0)
            stream.client.sock.settimeout(0.5)
            sent = 0
            with self.assertRaises(TimeoutError):
                for _ in range(1000):
                    stream.client.send(message)
                    sent += 1
            self.assertLess(sent, 500)

    # ---- what nobody means well

    def test_a_request_with_another_id_is_refused_and_the_stream_goes_on(self):
        with self.stream("Streamer.Stream", number=1) as stream:
            stream.client.send(mucp.request("Streamer.Stream", b'{"other":1}', stream=2, number=2))
            stream.write(b'{"mine":1}')
            with self.assertRaisesRegex(RuntimeError, "another Micro-Id"):
                stream.read()
            self.assertEqual(stream.read().json(), {"mine": 1})

    def test_nonsense_ends_the_stream_and_its_connection_only(self):
        before = counted(self.host)
        nonsense = (b"\0\1\2", b"GET / HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
                    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 10000,
                    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        for data in nonsense:
            with self.subTest(data[:40]), self.stream("Streamer.Stream") as stream:
                stream.client.send(data)
                with self.assertRaises(RuntimeError):
                    stream.read()
                self.assertTrue(stream.client.closed())
        harness.wait_for(lambda: counted(self.host)["io"] == before["io"] + len(nonsense), 5, "their ends")
        self.assertEqual(counted(self.host)["open"], 0)

    def test_a_message_that_is_too_long_is_an_error(self):
        with self.stream("Streamer.Stream") as stream:
            stream.client.send(b"POST / HTTP/1.1\r\nHost: x\r\nMicro-Id: 0\r\nMicro-Stream: 0\r\nTransfer-Encoding: chunked\r\n\r\n500000\r\n")
            stream.client.send(b"x" * 0x500000)
            with self.assertRaisesRegex(RuntimeError, "too long"):
                stream.read()


def calling(*args, config=None, **options):
    return harness.Microhost({"host": {"loops": 1}, "load": [CALLERS], "listeners": {"edge": {"module": "callers", "address": "127.0.0.1:0"}},
                              **(config or {})}, *args, **options)


class Calling(Case):
    def ask(self, host, messages, service=NAME, endpoint="Streamer.Stream", repeat=1, fin=1, **more):
        fields = {"X-Service": service, "X-Endpoint": endpoint, "X-Messages": messages, "X-Repeat": repeat, "X-Fin": fin, **more}
        return host.get("/", [(name.replace("_", "-"), str(value)) for name, value in fields.items()], listener="edge")

    def both(self):
        """Callers in the service's process, and in another one."""
        load = {"host": {"loops": 2, "rpc_address": "127.0.0.1:0"}, "load": [CALLERS, SPEAKER]}
        with calling(config=load) as host:
            yield "here", host
        with calling() as caller:
            offering = serve(folder=caller.folder)
            offering.start()
            try:
                harness.wait_for(lambda: self.ask(caller, "a")["X-Outcome"] == "0", 5, "the service")
                yield "there", caller
            finally:
                offering.kill()

    def test_streams_in_the_process_and_to_a_node_are_alike(self):
        for where, host in self.both():
            with self.subTest(where, what="both ways"):
                answer = self.ask(host, "one|two|three")
                self.assertEqual((answer["X-Outcome"], answer.text), ("0", "one\ntwo\nthree\n"), answer)
            with self.subTest(where, what="server stream"):
                answer = self.ask(host, '{"name":"John"}', endpoint="Say.Stream", fin=0)
                self.assertEqual([json.loads(line)["msg"] for line in answer.text.split("\n") if line],
                                 ["Hello John", "Bonjour John", "Hola John"])
                self.assertEqual(answer["X-Outcome"], "0")
            with self.subTest(where, what="error"):
                answer = self.ask(host, "fail")
                self.assertEqual((answer["X-Outcome"], json.loads(answer["X-Error"])["detail"]), ("-2", "you asked for fail"))
            with self.subTest(where, what="refused"):
                self.assertIn("not today", self.ask(host, "a", endpoint="Streamer.Refuse")["X-Error"])
            with self.subTest(where, what="cancel"):
                self.assertEqual(self.ask(host, "a|b|c", X_Cancel=2, fin=0)["X-Outcome"], "cancelled")
            with self.subTest(where, what="deadline"):
                self.assertEqual(self.ask(host, "a", fin=0, X_Timeout=300)["X-Outcome"], "-5")
            with self.subTest(where, what="windows"):
                answer = self.ask(host, "x" * 4000, repeat=2000)
                self.assertEqual((answer["X-Outcome"], answer["X-Answers"].split(",")[:2]), ("0", ["2000 answers", " 8000000 bytes"]))
                if where == "here":  # on the way to a node the kernel's buffers may take it all
                    self.assertNotIn(" 0 busy", answer["X-Answers"])
            with self.subTest(where, what="flood"):
                answer = self.ask(host, "500", endpoint="Streamer.Flood", fin=0, X_Type="application/protobuf")
                self.assertEqual((answer["X-Outcome"], answer["X-Answers"].split(",")[:2]), ("0", ["500 answers", " 8192000 bytes"]))

    def test_what_there_is_not(self):
        with calling() as host:
            self.assertEqual(self.ask(host, "a", service="nobody")["X-Outcome"], "refused -14")
            self.assertEqual(self.ask(host, "a", X_Address="127.0.0.1:1")["X-Outcome"], "-16")

    def test_the_node_sees_what_go_micros_clients_send(self):
        script = wire.answer(b"{}", headers=[("Micro-Error", "EOS")])
        with calling() as host, wire.Upstream(script) as node:
            self.assertEqual(self.ask(host, '{"a":1}', X_Address=node.address)["X-Outcome"], "0")
            opening, *_ = node.wait_for_requests(1)
            self.assertEqual((opening.method, opening.target, opening.body), ("POST", "/", b"{}"))
            self.assertEqual((opening["Micro-Endpoint"], opening["Micro-Method"], opening["Micro-Service"]),
                             ("Streamer.Stream", "Streamer.Stream", NAME))
            self.assertEqual(opening["Micro-Stream"], opening["Micro-Id"])
            self.assertEqual((opening["Content-Type"], opening["X-User-Id"], opening["Timeout"]), ("application/json", "john", None))

    def test_a_node_that_breaks_the_rules_is_an_error_of_that_call(self):
        for script, outcome in ((None, "-12"), (b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno", "-12"), (b"nonsense\r\n\r\n", "-12"),
                                (b"HTTP/1.1 200 OK\r\n\r\n", "-12"), (wire.answer(b"", headers=[("Micro-Error", "boom")]), "-2")):
            with self.subTest(script), calling() as host, wire.Upstream(script) as node:
                answer = self.ask(host, "a", X_Address=node.address)
                self.assertEqual(answer["X-Outcome"], outcome, answer["X-Error"])


if __name__ == "__main__":
    unittest.main()
