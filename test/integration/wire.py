# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 by hand: a client that keeps its connection, and an upstream that records exact bytes and follows a script."""
import contextlib
import json
import socket
import threading

TIMEOUT = 10.0


def raw(port, data, timeout=TIMEOUT, half_close=False):
    """Sends data on a new connection and reads until the other side closes. Returns all bytes."""
    with connect(port, timeout) as sock:
        sock.sendall(data)
        if half_close:
            sock.shutdown(socket.SHUT_WR)
        received = b""
        while part := receive(sock):
            received += part
        return received


def connect(target, timeout=TIMEOUT):
    """target: a port on loopback, or the path of a unix socket."""
    if isinstance(target, int):
        sock = socket.create_connection(("127.0.0.1", target), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(timeout)
    sock.connect(str(target))
    return sock


def receive(sock):
    """The next bytes; none when the connection ended, however it did."""
    try:
        return sock.recv(65536)
    except ConnectionError:
        return b""


class Message:
    """A request or a response: first line, headers in order as (name, value), body, trailers, and the bytes of the head."""

    def __init__(self, head):
        self.head = head
        lines = head.decode("latin1").split("\r\n")
        self.start, self.body, self.trailers = lines[0], b"", []
        self.headers = [tuple(part.strip(" \t") for part in line.split(":", 1)) for line in lines[1:] if line]

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name, default=None):
        """The value of a header; several are joined, as RFC 9110 5.3 allows."""
        values = self.all(name)
        return ", ".join(values) if values else default

    def __getitem__(self, name):
        return self.get(name)

    def __contains__(self, name):
        return bool(self.all(name))

    @property
    def status(self):
        return int(self.start.split(" ")[1])

    @property
    def method(self):
        return self.start.split(" ")[0]

    @property
    def target(self):
        return self.start.split(" ")[1]

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.start} {self.headers} {self.body[:200]!r}>"


class Reader:
    """Cuts a stream of bytes into messages. EOFError: the connection ended inside one (or before one)."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def more(self):
        part = receive(self.sock)
        if not part:
            raise EOFError(f"the connection ended after {self.buffer[:200]!r}")
        self.buffer += part

    def until(self, mark):
        while (at := self.buffer.find(mark)) < 0:
            self.more()
        taken, self.buffer = self.buffer[: at + len(mark)], self.buffer[at + len(mark) :]
        return taken

    def exactly(self, size):
        while len(self.buffer) < size:
            self.more()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def rest(self):
        while part := receive(self.sock):
            self.buffer += part
        taken, self.buffer = self.buffer, b""
        return taken

    def chunk(self):
        size = int(self.until(b"\r\n").split(b";")[0], 16)
        if size == 0:
            return b""
        body = self.exactly(size)
        if self.exactly(2) != b"\r\n":
            raise ValueError("a chunk does not end with CR LF")
        return body

    def message(self, answer_to=None):
        """answer_to: the method, when a response is read; a request without it."""
        message = Message(self.until(b"\r\n\r\n"))
        no_body = answer_to and (answer_to == "HEAD" or message.status in (204, 304) or message.status < 200)
        length = message.get("Content-Length")
        if no_body:
            pass
        elif "chunked" in (message.get("Transfer-Encoding") or "").lower():
            while part := self.chunk():
                message.body += part
            while (line := self.until(b"\r\n")) != b"\r\n":
                name, value = line.decode("latin1").split(":", 1)
                message.trailers.append((name, value.strip()))
        elif length is not None:
            message.body = self.exactly(int(length))
        elif answer_to:
            message.body = self.rest()
        return message


class Client:
    """One connection. target: a port on loopback or the path of a unix socket; tls: an ssl.SSLContext."""

    def __init__(self, target, timeout=TIMEOUT, tls=None, server_name="localhost"):
        self.host = f"127.0.0.1:{target}" if isinstance(target, int) else "localhost"
        self.sock = connect(target, timeout)
        if tls:
            self.sock = tls.wrap_socket(self.sock, server_hostname=server_name)
        self.reader, self.informational = Reader(self.sock), []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def request(self, method, target, headers=(), body=b""):
        """Sends a request with Host and, when there is a body, Content-Length, unless headers say otherwise."""
        self.send(request_bytes(method, target, headers, body, self.host))
        return self.response(method)

    def response(self, method="GET"):
        """The next final response; 1xx ones before it are appended to informational (101 is final)."""
        while True:
            message = self.reader.message(answer_to=method)
            if message.status == 101 or message.status >= 200:
                return message
            self.informational.append(message)

    def closed(self):
        """True when the other side ends the connection now without another byte."""
        return not self.reader.buffer and receive(self.sock) == b""


def request_bytes(method, target, headers=(), body=b"", host="localhost"):
    headers = list(headers.items() if isinstance(headers, dict) else headers)
    names = {name.lower() for name, _ in headers}
    body = body.encode() if isinstance(body, str) else body
    if "host" not in names:
        headers.insert(0, ("Host", host))
    if body and not names & {"content-length", "transfer-encoding"}:
        headers.append(("Content-Length", str(len(body))))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin1") + body


def answer(body=b"ok", status="200 OK", headers=()):
    """The bytes of a response."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *(f"{n}: {v}" for n, v in headers), "", ""]
    return "\r\n".join(lines).encode("latin1") + body


class Upstream:
    """A server that does what it is told. script: bytes to answer with each time, or a list of them, one a request
    (the last is repeated; None closes), or a function of (request, connection) that answers itself through
    connection.sendall and returns bytes or None.

    requests: what came in, in order; received: the exact bytes, one entry a connection. A server that runs for long
    keeps neither: record=False.
    """

    def __init__(self, script=answer(), port=0, record=True):
        self.script, self.record, self.requests, self.received = script, record, [], []
        self.arrived = threading.Condition()
        self.connections = set()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.arrived:
                self.connections.add(sock)
                self.received.append(b"")
                index = len(self.received) - 1
            threading.Thread(target=self._serve, args=(sock, index), daemon=True).start()

    def _serve(self, sock, index):
        reader = Reader(_Tee(sock, self, index) if self.record else sock)
        try:
            while True:
                request = reader.message()
                number = self._remember(request)
                reply = self._reply(request, number, sock)
                if reply is None:
                    return
                sock.sendall(reply)
        except (EOFError, OSError, ValueError):
            pass
        finally:
            with self.arrived:
                self.connections.discard(sock)
            sock.close()

    def _remember(self, request):
        if not self.record:
            return 0
        with self.arrived:
            self.requests.append(request)
            self.arrived.notify_all()
            return len(self.requests) - 1

    def _reply(self, request, number, sock):
        if callable(self.script):
            return self.script(request, sock)
        if isinstance(self.script, list):
            return self.script[min(number, len(self.script) - 1)]
        return self.script

    def wait_for_requests(self, count, timeout=TIMEOUT):
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.requests) >= count, timeout):
                raise AssertionError(f"{len(self.requests)} requests arrived, not {count}")
            return list(self.requests)

    def drop_connections(self):
        """As a service that dies: every open connection is reset."""
        with self.arrived:
            for sock in self.connections:
                sock.shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):  # closed before; else the one that waits in accept() takes another connection
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.arrived:
            for sock in self.connections:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _Tee:
    """Keeps what was read in the upstream's record."""

    def __init__(self, sock, upstream, index):
        self.sock, self.upstream, self.index = sock, upstream, index

    def recv(self, size):
        part = self.sock.recv(size)
        with self.upstream.arrived:
            self.upstream.received[self.index] += part
        return part
