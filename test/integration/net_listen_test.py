# SPDX-License-Identifier: Apache-2.0
"""Byte streams of modules (mh.net.stream) that come in, that stay over a reload, and that are standard input and output."""
import contextlib
import os
import pty
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

import fixtures
import harness
from net_stream_test import INVALID, OK, Wires
from tls_test import Certificates

EXISTS = -13


def lines_of(connection):
    with connection.makefile("rb") as file:
        yield from file


class Listening(Wires):
    def setUp(self):
        self.certificates = Certificates()
        self.addCleanup(shutil.rmtree, self.certificates.folder, ignore_errors=True)
        self.good = self.certificates.sign("good", "good")

    def listen(self, address="127.0.0.1:0", **values):
        """(id, where it listens)"""
        type(self).made += 1
        name = f"door{self.made}-"
        self.order("listen", id=name, address=address, **values)
        return name, self.wait(name, f"listen {OK} ").split()[2]

    def connect(self, address):
        host, _, port = address.rpartition(":")
        return self.enterContext(socket.create_connection((host, int(port)), 10))

    def test_an_echo(self):
        name, address = self.listen(does="echo")
        client = self.connect(address)
        client.sendall(b"hello")
        self.assertEqual(client.recv(100), b"hello")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(client.recv(100), b"")
        self.closed(name + "1", OK)
        ip, port = client.getsockname()
        self.assertEqual(self.lines(name + "1")[0], f"open {ip}:{port}")

    def test_tls_and_a_client_that_must_have_a_certificate(self):
        _, address = self.listen(does="echo", tls=1, **self.good)
        with self.certificates.client().wrap_socket(self.connect(address), server_hostname="localhost") as client:
            client.sendall(b"secret")
            self.assertEqual(client.recv(100), b"secret")
        name, address = self.listen(does="echo", tls=1, ca=self.certificates.path("ca.pem"), **self.good)
        with contextlib.suppress(OSError), self.certificates.client().wrap_socket(self.connect(address), server_hostname="localhost") as client:
            client.recv(1)
        own = self.certificates.sign("own", "somebody")
        with self.certificates.client(own).wrap_socket(self.connect(address), server_hostname="localhost") as client:
            client.sendall(b"secret")
            self.assertEqual(client.recv(100), b"secret")

    def test_a_renewed_certificate_is_shown_without_being_told(self):
        _, address = self.listen(does="echo", tls=1, **self.good)
        self.certificates.sign("good", "newer", dns="renewed.example")
        with self.certificates.client().wrap_socket(self.connect(address), server_hostname="renewed.example") as client:
            client.sendall(b"x")
            self.assertEqual(client.recv(1), b"x")

    def test_start_tls_on_the_accepting_side(self):
        _, address = self.listen(does="starttls", **self.good)
        client = self.connect(address)
        client.sendall(b"ask\n")
        self.assertEqual(client.recv(100), b"go on\n")
        with self.certificates.client().wrap_socket(client, server_hostname="localhost") as secure:
            secure.sendall(b"secret")

    def test_two_of_ours_over_a_unix_socket(self):
        path = f"unix:{self.host.folder}/wires.sock"
        door, where = self.listen(path, does="echo")
        self.assertEqual(where, path)
        name = self.open(path)
        self.assertEqual(self.wait(name, "open "), f"open {path}")
        self.order("write", id=name, text="hello")
        self.wait(name, "bytes hello")
        self.order("unlisten", id=door)
        self.order("write", id=name, text="still there")
        self.wait(name, "bytes still there")

    def test_an_address_in_use_is_refused(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.order("listen", id="taken", address=f"127.0.0.1:{taken.getsockname()[1]}")
            self.wait("taken", f"listen {EXISTS}")
        self.order("listen", id="own", address=self.host.address())
        self.wait("own", f"listen {EXISTS}")
        self.host.wait_for_log("the address is in use")

    def test_files_that_are_wrong_are_refused(self):
        self.order("listen", id="wrong", address="127.0.0.1:0", tls=1)
        self.wait("wrong", f"listen {INVALID}")
        self.host.wait_for_log("set cert_file")

    def test_who_is_turned_away(self):
        _, address = self.listen(does="refuse")
        with contextlib.suppress(ConnectionResetError):
            self.assertEqual(self.connect(address).recv(1), b"")


class ListeningOnLoop(Listening):
    on = "loop"


class Reload(harness.Case):
    at = "127.0.0.1:0"

    def setUp(self):
        self.host = fixtures.serve("wires")
        self.host.env = {"WIRES_LISTEN": self.at}
        self.enterContext(self.host)
        self.address = fixtures.wait_for_state(self.host, lambda s: "door" in s, "listening")["door"][0].split()[2]

    def reload(self):
        before = self.generation()
        done = subprocess.run([harness.PROGRAM, "--runtime_dir", self.host.runtime, "modules", "reload", "wires"],
                              env=harness.clean_environment(self.host.folder), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        harness.wait_for(lambda: self.generation() > before, 10, "the end of the old generation")

    def generation(self):
        listed = [m["generation"] for m in self.host.ask_control("GET", "/v1/modules").json() if m["id"] == "wires"]
        return listed[0] if len(listed) == 1 else 0

    def connect(self):
        if self.address.startswith("unix:"):
            client = self.enterContext(socket.socket(socket.AF_UNIX))
            client.connect(self.address[5:])
            return client
        host, _, port = self.address.rpartition(":")
        return self.enterContext(socket.create_connection((host, int(port)), 10))

    def test_the_socket_and_what_was_accepted_stay(self):
        first = self.connect()
        first.sendall(b"one")
        self.assertEqual(first.recv(10), b"one")
        self.reload()
        again = fixtures.wait_for_state(self.host, lambda s: "door" in s, "listening")["door"]
        self.assertEqual(again[0], f"listen 0 {self.address}")
        first.sendall(b"two")
        self.assertEqual(first.recv(10), b"two")
        second = self.connect()
        second.sendall(b"three")
        self.assertEqual(second.recv(10), b"three")

    def test_unused_bytes_stay_too_with_tls(self):
        certificates = Certificates()
        self.addCleanup(shutil.rmtree, certificates.folder, ignore_errors=True)
        own = certificates.sign("good", "good")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own["cert"], own["key"])
        parts = []

        def serve(connection):
            secure = context.wrap_socket(connection, server_side=True)
            secure.sendall(b"half a ")
            parts.append(secure)
            for line in lines_of(secure):
                parts.append(line)
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        threading.Thread(target=lambda: serve(server.accept()[0]), daemon=True).start()
        query = f"id=out&does=lines&tls=1&ca={certificates.path('ca.pem')}&address=127.0.0.1:{server.getsockname()[1]}"
        self.host.get(f"/open?{query}")
        fixtures.wait_for_state(self.host, lambda s: any(line.startswith("open ") for line in s.get("out", [])), "open ")
        harness.wait_for(lambda: parts, 5, "the server")
        self.reload()
        fixtures.wait_for_state(self.host, lambda s: "adopted 0" in s.get("out", []), "adopted")
        parts[0].sendall(b"line\n")
        fixtures.wait_for_state(self.host, lambda s: "line half a line" in s["out"], "the whole line")
        self.host.get("/write?id=out&text=back%0A")
        harness.wait_for(lambda: b"back\n" in parts, 5, "an answer")

    def test_what_is_not_parked_ends_with_the_module(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        self.reload()
        before = self.host.open_files()
        for n in range(20):
            self.host.get(f"/open?on=loop&id=n{n}&address=127.0.0.1:{server.getsockname()[1]}")
        taken = [server.accept()[0] for _ in range(20)]
        self.reload()
        for one in taken:
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(one.recv(1), b"")
            one.close()
        harness.wait_for(lambda: self.host.open_files() <= before, 10, "descriptors as before")


class ReloadAtAPort(Reload):
    """Before it is reloaded, a module is tried beside the one that serves: that must not need the port as well."""

    def setUp(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.at = f"127.0.0.1:{free.getsockname()[1]}"
        super().setUp()


class ReloadAtAPath(Reload):
    def setUp(self):
        self.at = "unix:" + self.enterContext(tempfile.TemporaryDirectory()) + "/door"
        super().setUp()


class Standard(harness.Case):
    """stdio: whatever the standard input and output are."""

    def host(self, stdin, stdout):
        host = fixtures.serve("wires")
        host.stdin, host.stdout = stdin, stdout
        self.enterContext(host)
        return host

    def order(self, host, text):
        host.get(f"/{text}")

    def wait(self, host, text):
        return fixtures.wait_for_state(host, lambda s: any(line.startswith(text) for line in s.get("std", [])), text)

    def talk(self, host, say, hear):
        self.order(host, "open?id=std&address=stdio:&does=echo")
        self.wait(host, "open stdio:")
        say(b"hello")
        self.assertEqual(hear(), b"hello")
        self.order(host, "open?id=second&address=stdio:")
        fixtures.wait_for_state(host, lambda s: s.get("second") == [f"opening {EXISTS}"], "one at a time")

    def test_pipes(self):
        (their_in, my_out), (my_in, their_out) = os.pipe(), os.pipe()
        host = self.host(their_in, their_out)
        os.close(their_in), os.close(their_out)
        self.talk(host, lambda b: os.write(my_out, b), lambda: os.read(my_in, 100))
        os.close(my_out)
        self.wait(host, "finish")
        self.wait(host, "close 0")
        self.order(host, "open?id=std2&address=stdio:")
        fixtures.wait_for_state(host, lambda s: "finish" in s.get("std2", []), "it can be had again")
        os.close(my_in)

    def test_a_socket(self):
        mine, theirs = socket.socketpair()
        with mine:
            host = self.host(theirs, theirs)
            theirs.close()
            self.talk(host, mine.sendall, lambda: mine.recv(100))

    def test_a_terminal_of_somebody_else(self):
        mine, theirs = pty.openpty()
        host = self.host(theirs, theirs)
        self.order(host, "open?id=std&address=stdio:&does=echo")
        self.wait(host, "open stdio:")
        self.order(host, "write?id=std&text=hello")
        self.assertEqual(os.read(mine, 100), b"hello")
        os.write(mine, b"typed\n")
        self.wait(host, "bytes typed")
        self.assertEqual(os.get_blocking(theirs), True)
        os.close(mine), os.close(theirs)

    def test_nothing_and_a_file(self):
        with tempfile.NamedTemporaryFile() as out:
            host = self.host(subprocess.DEVNULL, out)
            self.order(host, "open?id=std&address=stdio:")
            self.wait(host, "finish")
            self.order(host, "write?id=std&text=into the file".replace(" ", "%20"))
            harness.wait_for(lambda: open(out.name).read() == "into the file", 5, "the file")

    def test_input_from_a_file(self):
        with tempfile.NamedTemporaryFile() as given:
            given.write(b"from a file\n")
            given.flush()
            given.seek(0)
            host = self.host(given, subprocess.DEVNULL)
            self.order(host, "open?id=std&address=stdio:")
            self.wait(host, "bytes from a file")
            self.wait(host, "finish")


if __name__ == "__main__":
    unittest.main()
