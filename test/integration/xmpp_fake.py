# SPDX-License-Identifier: Apache-2.0
"""A server of XMPP that misbehaves: behind TLS it lets everybody in, then says whatever a test wants.

    with xmpp_fake.Server(kept, after=b"<message><!-- -->") as server: ...
"""
import contextlib
import re
import socket
import ssl
import threading

OPEN = ("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
        "from='localhost' id='1' version='1.0'>")
SASL = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
BIND = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
JID = "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>bot@localhost/r</jid></bind></iq>"


class Server:
    """`greeting`: instead of a stream's header. `after`: once the bot has its address. Both may be functions of the connection's number.
    The connection stays open until the other end closes it."""

    def __init__(self, kept, greeting=None, after=b""):
        self.greeting, self.after = greeting, after
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(kept["cert"], kept["key"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections, self.heard = 0, b""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(plain, self.connections), daemon=True).start()

    def _serve(self, plain, number):
        with contextlib.suppress(OSError), self.context.wrap_socket(plain, server_side=True) as s:
            self._script(s, number)
            while data := s.recv(65536):
                self.heard += data

    def _script(self, s, number):
        def until(pattern):
            got = b""
            while not re.search(pattern, got):
                data = s.recv(65536)
                if not data:
                    raise OSError
                got += data

        until(rb"<stream:stream[^>]*>")
        if self.greeting is not None:
            return s.sendall(self.greeting(number) if callable(self.greeting) else self.greeting)
        s.sendall(f"{OPEN}<stream:features>{SASL}</stream:features>".encode())
        until(rb"</auth>")
        s.sendall(b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
        until(rb"<stream:stream[^>]*>")
        s.sendall(f"{OPEN}<stream:features>{BIND}</stream:features>".encode())
        until(rb"</iq>")
        s.sendall(JID.encode())
        s.sendall(self.after(number) if callable(self.after) else self.after)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
