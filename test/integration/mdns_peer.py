# SPDX-License-Identifier: Apache-2.0
"""Another machine on the network, as far as loopback can be one: it hears what is multicast on a port, speaks there, and answers
questions as go-micro's server of a node does. Packets are laid out and taken apart here, without a line of the program."""
import contextlib
import json
import re
import socket
import struct
import threading
import zlib

import harness

GROUP, TTL = "224.0.0.251", 120
A, PTR, TXT, SRV, ANY = 1, 12, 16, 33, 255
RESPONSE, AUTHORITATIVE = 0x8000, 0x0400


def captured():
    """The text records that go-micro 1.18 and 1.1 sent: {"Greeter": [...], "Broker": [...], "Old": [...]}"""
    text = (harness.ROOT / "test/unit/modules/mdns_captured.hpp").read_text()
    return {name: re.findall(r'"([0-9a-f]+)"', body) for name, body in re.findall(r"k(\w+)Texts = \{(.*?)\};", text, re.S)}


# ---- packets

def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def record(owner, kind, data, ttl=TTL):
    return name(owner) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def srv(owner, port, target="other", ttl=TTL):
    return record(owner, SRV, struct.pack("!HHH", 10, 1, port) + name(target), ttl)


def packet(questions=(), answers=(), flags=0, ident=0, authorities=0):
    counts = struct.pack("!HHHHHH", ident, flags, len(questions), len(answers) - authorities, authorities, 0)
    return counts + b"".join(name(q) + struct.pack("!HH", kind, 1) for q, kind in questions) + b"".join(answers)


class Packet:
    """One that came: questions [(name, type)], answers and authorities [(name, type, ttl, data)]; data of SRV is (port, target)."""

    def __init__(self, raw, source):
        self.raw, self.source, self.at = raw, source, 12
        self.id, self.flags, *counts = struct.unpack("!HHHHHH", raw[:12])
        self.questions = [(self._name(), *self._take("!HH"))[:2] for _ in range(counts[0])]
        self.answers, self.authorities, self.additionals = ([self._record() for _ in range(n)] for n in counts[1:])
        assert self.at == len(raw), "there is something behind the last record"

    @property
    def response(self):
        return bool(self.flags & RESPONSE)

    def of(self, kind):
        return [r for r in self.answers if r[1] == kind]

    def _take(self, shape):
        values = struct.unpack_from(shape, self.raw, self.at)
        self.at += struct.calcsize(shape)
        return values

    def _name(self):
        labels, at, end = [], self.at, None
        while size := self.raw[at]:
            if size & 0xC0:
                end = end or at + 2
                at = (size & 0x3F) << 8 | self.raw[at + 1]
            else:
                labels.append(self.raw[at + 1 : at + 1 + size].decode())
                at += 1 + size
        self.at = end or at + 1
        return ".".join(labels)

    def _record(self):
        owner = self._name()
        kind, _, ttl, size = self._take("!HHIH")
        end = self.at + size
        data = self.raw[self.at : end]
        if kind == PTR:
            data = self._name()
        elif kind == SRV:
            _, _, port = self._take("!HHH")
            data = (port, self._name())
        elif kind == A:
            data = socket.inet_ntoa(data)
        elif kind == TXT:
            data = []
            while self.at < end:
                size = self.raw[self.at]
                data.append(self.raw[self.at + 1 : self.at + 1 + size].decode())
                self.at += 1 + size
        self.at = end
        return owner, kind, ttl, data


def pack_text(content):
    digits = zlib.compress(json.dumps(content, separators=(",", ":")).encode()).hex()
    return [digits[i : i + 255] for i in range(0, len(digits), 255)]


def unpack_text(texts):
    return json.loads(zlib.decompress(bytes.fromhex("".join(texts))))


class Node:
    """A node of a service as its records."""

    def __init__(self, service, ident, port, texts=None, domain="micro", ip="127.0.0.1", version="1"):
        self.service, self.domain, self.port, self.ip = service, domain, port, ip
        self.instance = f"{ident}.{service}.{domain}"
        self.texts = texts or pack_text({"Service": service, "Version": version, "Endpoints": None,
                                         "Metadata": {"protocol": "mucp"}})

    def records(self, ttl=TTL):
        text = b"".join(bytes([len(t)]) + t.encode() for t in self.texts)
        return [srv(self.instance, self.port, ttl=ttl), record("other", A, socket.inet_aton(self.ip), ttl),
                record(self.instance, TXT, text, ttl)]

    def announcement(self, ttl=TTL):
        return packet(answers=self.records(ttl), flags=RESPONSE)

    def answer(self, question):
        """Micro's, with everything in the answer section; None for other questions."""
        full = f"{self.service}.{self.domain}"
        if question == (full, PTR):
            more = [record(full, PTR, name(self.instance)), *self.records()]
        elif question == (f"_services.{self.domain}", PTR):
            listed = f"{self.service}._services.{self.domain}"
            more = [record(question[0], PTR, name(listed)), srv(listed, 9999), record("other", A, bytes(4)), record(listed, TXT, b"")]
        else:
            return None
        return packet(answers=more, flags=RESPONSE | AUTHORITATIVE)


# ---- the peer

def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("", 0))
        return sock.getsockname()[1]


class Peer:
    """Hears everything on the port; `nodes` are those that it answers for, a hidden one only by its own name."""

    def __init__(self, port, nodes=(), listed=True):
        self.port, self.nodes, self.listed, self.heard = port, list(nodes), listed, []
        self.sock = self._socket(port)
        self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1"))
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _socket(self, port):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sock.bind(("", port))
        return sock

    def _listen(self):
        while True:
            try:
                raw, source = self.sock.recvfrom(65536)
            except OSError:
                return
            if not raw:
                continue
            with contextlib.suppress(Exception):  # some tests send rubbish
                got = Packet(raw, source)
                self.heard.append(got)
                if not got.response:
                    self._answer(got)

    def _answer(self, query):
        for question in query.questions:
            for node in self.nodes:
                if (question[0].startswith("_services.") and not self.listed) or not (answer := node.answer(question)):
                    continue
                self.sock.sendto(answer, query.source)

    def tell(self, raw):
        self.sock.sendto(raw, (GROUP, self.port))

    def tell_from_elsewhere(self, raw):
        """From another port than that of mdns."""
        with self._socket(0) as sock:
            sock.sendto(raw, (GROUP, self.port))

    def ask(self, question, kind=PTR, wait=1.0, ident=0x1234):
        """The replies within `wait` seconds, or as soon as there is one."""
        with self._socket(0) as sock:
            sock.settimeout(wait * harness.SLOW)
            sock.sendto(packet([(question, kind)], ident=ident), (GROUP, self.port))
            replies = []
            with contextlib.suppress(TimeoutError):
                while True:
                    replies.append(Packet(*sock.recvfrom(65536)))
                    sock.settimeout(0.1)
            return replies

    def announcements(self, instance, ttl=TTL):
        """Multicast responses about it."""
        return [p for p in list(self.heard) if p.response and any(r[:3] == (instance, SRV, ttl) for r in p.answers)]

    def probes(self, instance):
        return [p for p in list(self.heard) if not p.response and any(r[:2] == (instance, SRV) for r in p.authorities)]

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self.thread.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
