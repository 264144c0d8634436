# SPDX-License-Identifier: Apache-2.0
"""/broker of proxy.so: topics over HTTP, as Micro's sidecar had them (capture v1.1-26)."""
import base64
import contextlib
import json
import unittest

import harness
from proxy_test import Case, proxying
from websocket_test import BINARY, FIN, TEXT, Socket


class Broker(Case):
    @contextlib.contextmanager
    def proxying(self, *args, **options):
        """Its end closes the sockets first: a stop waits for who is still connected."""
        self.sockets = []
        with proxying(*args, **options) as host:
            yield host
            for socket in self.sockets:
                socket.sock.close()

    def listen(self, host, query, **headers):
        socket = Socket(host, f"/broker?{query}", {"Host": "127.0.0.1", **{k.replace("_", "-"): v for k, v in headers.items()}})
        self.sockets.append(socket)
        return socket

    def heard(self, socket):
        """(header, body) of the next event."""
        first, payload = socket.read()
        self.assertEqual(first, FIN | TEXT)
        event = json.loads(payload)
        self.assertEqual(list(event), ["Header", "Body"])
        return event["Header"], base64.b64decode(event["Body"])

    def publish(self, host, query, body=b"{}", status=200, **headers):
        answer = host.post(f"/broker?{query}", body, [(k.replace("_", "-"), v) for k, v in headers.items()])
        self.assertEqual(answer.status, status, answer)
        return answer

    def test_what_is_posted_is_heard_by_all_who_listen(self):
        with self.proxying(loops=2) as host:
            sockets = [self.listen(host, "topic=foo") for _ in range(3)]
            other = self.listen(host, "topic=bar")
            self.assertEqual([s.head.status for s in (*sockets, other)], [101] * 4)
            self.assertEqual(self.publish(host, "topic=foo", b'{"a":1}', Content_Type="application/json", X_Colour="green").body, b"")
            self.publish(host, "topic=bar", b"plain")
            for socket in sockets:
                header, body = self.heard(socket)
                self.assertEqual((body, header["Content-Type"], header["X-Colour"], header["Micro-Topic"]),
                                 (b'{"a":1}', "application/json", "green", "foo"))
                self.assertRegex(header["Micro-Id"], r"^[0-9a-f-]{36}$")
            header, body = self.heard(other)  # and nothing of the other topic before it
            self.assertEqual((body, header["Content-Type"]), (b"plain", "text/plain"))

    def test_what_a_socket_says_is_published_with_the_type_of_its_handshake(self):
        with self.proxying() as host:
            ear = self.listen(host, "topic=t")
            for kind, expected in (({}, "text/plain"), ({"Content_Type": "application/protobuf"}, "application/protobuf")):
                mouth = self.listen(host, "topic=t", **kind)
                mouth.send(FIN | BINARY, b"\n\x04John")
                for socket in (ear, mouth):
                    header, body = self.heard(socket)
                    self.assertEqual((header["Content-Type"], body), (expected, b"\n\x04John"))
                mouth.sock.close()

    def test_a_queue_gets_each_event_once(self):
        with self.proxying(loops=2) as host:
            queues = {name: [self.listen(host, f"topic=t&queue={name}") for _ in range(2)] for name in ("a", "b")}
            every = self.listen(host, "topic=t")
            for number in range(4):
                self.publish(host, "topic=t", str(number).encode())
            self.assertEqual([self.heard(every)[1] for _ in range(4)], [b"0", b"1", b"2", b"3"])
            for sockets in queues.values():
                self.assertEqual(sorted(self.heard(socket)[1] for socket in sockets for _ in range(2)), [b"0", b"1", b"2", b"3"])

    def test_what_makes_no_sense_is_one_line(self):
        with self.proxying() as host:
            for method, target, status, line in (("POST", "/broker", 400, "Topic not specified"), ("GET", "/broker", 400, "Topic not specified"),
                                                 ("PUT", "/broker?topic=t", 405, "Method not allowed"),
                                                 ("GET", "/broker?topic=t", 400, "subscribe with a websocket, or publish with POST"),
                                                 ("POST", "/broker?topic=a%20b", 400, "this is no topic that events can be published on"),
                                                 ("POST", "/broker?topic=microhost.x", 403, 'topics of "microhost." are the host\'s')):
                with self.subTest(method=method, target=target):
                    answer = host.request(method, target)
                    self.assertEqual((answer.status, answer.text.rstrip("\n")), (status, line))

    def test_the_role_is_needed(self):
        with self.proxying(local_role="viewer") as host:
            self.publish(host, "topic=t", status=401)
            self.assertEqual(self.listen(host, "topic=t").head.status, 401)

    def test_who_leaves_is_forgotten(self):
        with self.proxying() as host:
            before = host.open_files()
            sockets = [self.listen(host, "topic=t") for _ in range(20)]
            for socket in sockets:
                socket.sock.close()
            harness.wait_for(lambda: host.open_files() <= before + 1, 5, "the end of the sockets")
            self.publish(host, "topic=t")


if __name__ == "__main__":
    unittest.main()
