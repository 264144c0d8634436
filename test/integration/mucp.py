# SPDX-License-Identifier: Apache-2.0
"""Micro's wire protocol by hand: what real clients sent (go-micro 1.18 and 1.1, curl; the bytes of each are in CAPTURED), and a
client that calls and streams."""
import wire

USER = b"X-From-Id: script\r\nX-User-Id: john\r\n"


def request(endpoint, body, *, kind="json", stream=None, number=0, error=None, extra=b"", service="go.micro.srv.greeter"):
    """A request as go-micro 1.18 writes it; an empty body is chunked."""
    length = b"Transfer-Encoding: chunked" if body == b"" else b"Content-Length: %d" % len(body)
    kind = kind if "/" in kind else f"application/{kind}"
    head = [b"POST / HTTP/1.1", b"Host: 127.0.0.1:18102", b"User-Agent: Go-http-client/1.1", length,
            f"Accept: {kind}\r\nContent-Type: {kind}\r\nMicro-Endpoint: {endpoint}".encode()]
    if error:
        head.append(f"Micro-Error: {error}".encode())
    head.append(f"Micro-From-Service: go.micro.server\r\nMicro-Id: {number}\r\nMicro-Method: {endpoint}".encode())
    head.append(f"Micro-Service: {service}".encode())
    if stream is not None:
        head.append(f"Micro-Stream: {stream}".encode())
    head += [b"Timeout: 5000000000", USER + extra]
    return b"\r\n".join(head) + b"\r\n" + (body or b"0\r\n\r\n")


OLD = (b"POST / HTTP/1.1\r\nHost: 127.0.0.1:18302\r\nUser-Agent: Go-http-client/1.1\r\n%s\r\nAccept: application/protobuf\r\n"
       b"Content-Type: application/protobuf\r\nMicro-Endpoint: Streamer.Stream\r\nMicro-From-Service: server\r\n"
       b"Micro-Method: Streamer.Stream\r\nMicro-Service: go.micro.srv.greeter\r\nTimeout: 5000000000\r\nX-From-Id: script\r\n"
       b"X-Micro-Endpoint: Streamer.Stream\r\nX-Micro-Method: Streamer.Stream\r\nX-Micro-Service: go.micro.srv.greeter\r\n"
       b"X-User-Id: john\r\n\r\n%s")
CURL = b"POST / HTTP/1.1\r\nHost: 127.0.0.1:18102\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n%sContent-Length: %d\r\n\r\n%s"
JSON = b"Content-Type: application/json\r\n"
JOHN, RPC = b'{"name":"John"}', b'{"id":3,"method":"Say.Hello","params":[{"name":"John"}]}'
PROTO_RPC = b"\0\0\0\x14\n\x09Say.Hello\x11\0\0\0\0\0\0\0\0\0\0\0\x06\n\x04John"


def curl(headers, body):
    return CURL % (headers, len(body), body)


# By the number of the capture.
CAPTURED = {
    "01": request("Say.Hello", b"\n\x04John", kind="protobuf"),
    "02": request("Say.Hello", JOHN + b"\n"),
    "03": request("Say.Hello", b'{"name":"fail"}\n'),
    "06": request("Say.Nope", b"{}\n"),
    "06b": request("Say.Hello", b'{"name":"x"}\n', service="other.name"),
    "08": request("Say.Hello", b'{"name":"meta"}\n'),
    "14": curl(JSON + b"Micro-Endpoint: Say.Hello\r\n", JOHN),
    "14b": curl(JSON + b"Micro-Method: Say.Hello\r\n", JOHN),
    "14c": curl(JSON + b"X-Micro-Service: go.micro.srv.greeter\r\nX-Micro-Endpoint: Say.Hello\r\nX-Micro-Id: 7\r\n", JOHN),
    "14d": curl(JSON, RPC),
    "14e": curl(b"Content-Type: application/json-rpc\r\nX-Micro-Target: go.micro.srv.greeter\r\n", RPC),
    "14f": curl(b"Content-Type: application/x-www-form-urlencoded\r\n", JOHN),
    "14g": curl(b"Content-Type: text/foo\r\nMicro-Endpoint: Say.Hello\r\nMicro-Service: x\r\n", JOHN),
    "14h": b"GET / HTTP/1.1\r\nHost: 127.0.0.1:18102\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n",
    "26": request("Debug.Health", b"", kind="protobuf"),
    "27": request("Debug.Stats", b"", kind="json"),
    "96a": request("Say.Hello", b'{"method":"Say.Hello","params":[{"name":"John"}],"id":"0"}\n', kind="json-rpc"),
    "96b": request("Say.Hello", PROTO_RPC, kind="proto-rpc"),
    "96c": request("Debug.Health", b"", kind="protobuf", service="go.micro.srv.nometa"),
    "v1.1-02": request("Say.Hello", JOHN + b"\n", extra=b"X-Micro-Endpoint: Say.Hello\r\nX-Micro-Id: 0\r\n"
                       b"X-Micro-Method: Say.Hello\r\nX-Micro-Service: go.micro.srv.greeter\r\n"),
}


class Stream:
    """A stream as go-micro 1.18 has it, over a connection of its own."""

    def __init__(self, port, endpoint, kind="json", opening=b"{}\n", number=0, **options):
        self.endpoint, self.kind, self.number, self.options = endpoint, kind, number, options
        self.client = wire.Client(port)
        self.write(opening)

    def write(self, body, error=None):
        self.client.send(request(self.endpoint, body, kind=self.kind, stream=self.number, number=self.number, error=error,
                                 **self.options))

    def read(self):
        """The next message, or None at the end of the stream. RuntimeError: what Micro-Error says."""
        message = self.client.response("POST")
        if message.status != 200:
            raise AssertionError(message)
        error = message["Micro-Error"]
        if error == "EOS":
            return None
        if error:
            raise RuntimeError(error)
        return message

    def end(self):
        self.write(b"", error="EOS")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()
