# SPDX-License-Identifier: Apache-2.0
"""Forwarded and X-Forwarded-*: removed where they cannot be believed, then set."""
import unittest

import forwarder
import wire
from forwarder import forwarding

CLAIMS = [("Forwarded", "for=192.0.2.9;proto=https"), ("X-Forwarded-For", "192.0.2.9"), ("X-Real-IP", "192.0.2.9")]


class Forwarded(forwarder.Case):
    def seen(self, host, upstream, headers=()):
        host.get("/", headers)
        return upstream.requests[-1]

    def test_by_default_only_the_x_fields_are_set(self):
        with wire.Upstream() as upstream, forwarding(upstream) as host:
            request = self.seen(host, upstream, CLAIMS)
            self.assertNotIn("Forwarded", request)
            self.assertEqual((request["X-Forwarded-For"], request["X-Forwarded-Proto"]), ("127.0.0.1", "http"))
            self.assertEqual((request["X-Forwarded-Host"], request["X-Real-IP"]), (host.address(), "127.0.0.1"))

    def test_forwarded_is_set_in_addition_where_it_is_asked_for(self):
        with wire.Upstream() as upstream, forwarding(upstream, listener={"forwarded_headers": "rfc7239"}) as host:
            request = self.seen(host, upstream, CLAIMS)
            self.assertEqual(request.all("Forwarded"), [f'for=127.0.0.1;host="{host.address()}";proto=http'])
            self.assertEqual(request["X-Forwarded-For"], "127.0.0.1")

    def test_what_a_trusted_proxy_says_is_extended(self):
        with wire.Upstream() as upstream, \
                forwarding(upstream, listener={"forwarded_headers": "rfc7239"}, trusted_proxies=["127.0.0.1"]) as host:
            request = self.seen(host, upstream, CLAIMS)
            self.assertEqual(request.all("Forwarded"),
                             [f'for=192.0.2.9;proto=https, for=127.0.0.1;host="{host.address()}";proto=http'])

    def test_an_address_of_version_6_is_quoted(self):
        header = b"PROXY TCP6 2001:db8::7 2001:db8::1 1000 80\r\n"
        listener = {"forwarded_headers": "rfc7239", "proxy_protocol": True}
        with wire.Upstream() as upstream, forwarding(upstream, listener=listener) as host, wire.Client(host.port()) as client:
            client.send(header + wire.request_bytes("GET", "/", host="a.example:8080"))
            self.assertEqual(client.response().status, 200)
            self.assertEqual(upstream.requests[0]["Forwarded"],
                             'for="[2001:db8::7]";host="a.example:8080";proto=http')

    def test_another_word_is_refused(self):
        never_started = forwarding(1, listener={"forwarded_headers": "all"})
        self.addCleanup(never_started._clean)
        self.refuses(never_started.config, words=["forwarded_headers", "all", "rfc7239"])


if __name__ == "__main__":
    unittest.main()
