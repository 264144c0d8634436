# SPDX-License-Identifier: Apache-2.0
"""Upgrades through forward.so: bytes both ways, and each direction ends by itself."""
import socket
import threading
import time

import forwarder
import harness
import wire
from forwarder import forwarding

UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
           ("Sec-WebSocket-Version", "13")]
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n"


def read_all(sock):
    received = b""
    while part := wire.receive(sock):
        received += part
    return received


class Tunnels(forwarder.Case):
    def opened(self, host, more=b""):
        client = wire.Client(host.port())
        client.send(wire.request_bytes("GET", "/ws", UPGRADE) + more)
        return client, client.response()

    def test_bytes_go_both_ways_also_those_that_came_with_the_heads(self):
        def script(_, sock):
            sock.sendall(SWITCH + b"early ")
            while part := sock.recv(1000):
                sock.sendall(part.upper())

        with wire.Upstream(script) as upstream, forwarding(upstream) as host:
            client, answer = self.opened(host, b"first ")
            with client:
                self.assertEqual((answer.status, answer["Upgrade"], answer["Connection"]), (101, "websocket", "Upgrade"))
                self.assertEqual(answer["Sec-WebSocket-Accept"], "x")
                client.send(b"second")
                self.assertEqual(client.reader.exactly(18), b"early FIRST SECOND")

    def test_the_client_may_end_first(self):
        def script(_, sock):
            sock.sendall(SWITCH)
            got = read_all(sock)
            sock.sendall(b"got %d" % len(got))

        with wire.Upstream(script) as upstream, forwarding(upstream) as host:
            client, _ = self.opened(host)
            with client:
                client.send(b"x" * 3_000_000)
                client.sock.shutdown(socket.SHUT_WR)
                self.assertEqual(client.reader.rest(), b"got 3000000")

    def test_the_upstream_may_end_first(self):
        got = []

        def script(_, sock):
            sock.sendall(SWITCH + b"bye")
            sock.shutdown(socket.SHUT_WR)
            time.sleep(0.2)
            got.append(len(read_all(sock)))

        with wire.Upstream(script) as upstream, forwarding(upstream) as host:
            client, _ = self.opened(host)
            with client:
                self.assertEqual(client.reader.rest(), b"bye")
                client.send(b"x" * 3_000_000)
            harness.wait_for(lambda: got, 5, "the end upstream")
            self.assertEqual(got, [3_000_000])

    def test_a_big_last_message_reaches_a_slow_client(self):
        def script(_, sock):
            sock.sendall(SWITCH + b"y" * 3_000_000)
            sock.shutdown(socket.SHUT_WR)
            read_all(sock)

        with wire.Upstream(script) as upstream, forwarding(upstream) as host:
            client, _ = self.opened(host)
            with client:
                client.sock.shutdown(socket.SHUT_WR)
                time.sleep(0.3)
                self.assertEqual(len(client.reader.rest()), 3_000_000)

    def test_a_reset_upstream_resets_the_client(self):
        def script(_, sock):
            sock.sendall(SWITCH)
            sock.recv(1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        with wire.Upstream(script) as upstream, forwarding(upstream) as host:
            client, _ = self.opened(host)
            with client:
                client.send(b"x")
                with self.assertRaises(ConnectionResetError):
                    client.sock.recv(1)

    def test_a_client_that_is_gone_ends_it(self):
        ended = threading.Event()

        def script(_, sock):
            sock.sendall(SWITCH)
            read_all(sock)
            ended.set()

        with wire.Upstream(script) as upstream, forwarding(upstream) as host:
            before = host.open_files()
            client, _ = self.opened(host)
            client.close()
            self.assertTrue(ended.wait(5))
            harness.wait_for(lambda: host.open_files() <= before or None, 5, "both sockets closed")

    def test_neither_side_can_fill_our_memory(self):
        def script(_, sock):
            sock.sendall(SWITCH)
            while True:
                sock.sendall(b"z" * 1_000_000)

        with wire.Upstream(script) as upstream, forwarding(upstream) as host:
            client, _ = self.opened(host)
            with client:
                before = host.memory()
                time.sleep(1)
                self.assertLess(host.memory() - before, 3_000_000 if harness.SLOW == 1 else 64_000_000)

    def test_where_it_is_not_allowed_it_is_a_plain_request(self):
        with wire.Upstream() as upstream, forwarding(upstream, forward={"upgrade": False}) as host:
            self.assertEqual(host.get("/", UPGRADE).status, 200)
            self.assertNotIn("Upgrade", upstream.requests[0])

    def test_an_upstream_may_refuse(self):
        with wire.Upstream(wire.answer("no", "403 Forbidden")) as upstream, forwarding(upstream) as host:
            client, answer = self.opened(host)
            with client:
                self.assertEqual((answer.status, answer.body), (403, b"no"))
                self.assertEqual(client.request("GET", "/").status, 403)
