# SPDX-License-Identifier: Apache-2.0
"""Servers of XMPP that mean harm, or know no better: one clear line each, no crash, no loop, and no password in a log."""
import time

import bot_xmpp_case
import harness
import xmpp_fake

LAUGHS = (b"<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'>" +
          b"".join(b"<!ENTITY lol%d '%s'>" % (i, b"&lol%s;" % (str(i - 1).encode() if i > 1 else b"") * 10) for i in range(1, 10)) +
          b"]><stream:stream>&lol9;")
ERRORS = b" xmlns='urn:ietf:params:xml:ns:xmpp-streams'"


class Hostile(bot_xmpp_case.Case):
    def against(self, server, *words, connections=12):
        """The bot meets that server: the words are in its log, it tries again no more often than its patience says, and it ends well."""
        with server, self.bot(server.port, xmpp_tls="direct", xmpp_rooms=[]) as host:
            for word in words:
                host.wait_for_log(word, 10)
            end = time.monotonic() + 1.5
            before = self.cpu_ms(host)
            harness.wait_for(lambda: time.monotonic() > end, 5)
            self.assertLess(server.connections, connections)
            self.assertLess(self.cpu_ms(host) - before, 1000 * harness.SLOW)
            self.assertLess(host.memory(), 300e6)
        return server

    def test_a_billion_laughs(self):
        self.against(xmpp_fake.Server(self.kept, greeting=LAUGHS), "a document type")

    def test_a_stanza_that_nests_without_end(self):
        self.against(xmpp_fake.Server(self.kept, after=b"<a>" * 100_000), "nested too deep")

    def test_a_stanza_without_end(self):
        self.against(xmpp_fake.Server(self.kept, after=b"<message><body>" + b"x" * 10_000_000), "more than 262144 bytes")

    def test_an_attribute_without_end(self):
        self.against(xmpp_fake.Server(self.kept, after=b"<message to='" + b"x" * 10_000_000), "more than 262144 bytes")

    def test_elements_without_end(self):
        self.against(xmpp_fake.Server(self.kept, after=b"<message>" + b"<a/>" * 60_000 + b"</message>"), "too many elements")

    def test_text_that_is_no_utf8(self):
        self.against(xmpp_fake.Server(self.kept, after=b"<message><body>\xc3\x28</body></message>"), "no XML")

    def test_what_xmpp_forbids(self):
        for after, word in ((b"<!-- x -->", "a comment"), (b"<?x y?>", "a processing instruction"), (b"words", "text between stanzas"),
                            (b"<m>&lol;</m>", "undefined entity")):
            with self.subTest(word):
                self.against(xmpp_fake.Server(self.kept, after=after), word)

    def test_no_xmpp_at_all(self):
        self.against(xmpp_fake.Server(self.kept, greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n"), "no XML")
        self.against(xmpp_fake.Server(self.kept, greeting=b"<html>"), "no XMPP server")

    def test_sent_from_host_to_host(self):
        server = xmpp_fake.Server(self.kept)
        server.after = b"<stream:error><see-other-host" + ERRORS + b">127.0.0.1:%d</see-other-host></stream:error>" % server.port
        self.against(server, "sends us to")

    def test_acknowledgements_of_what_was_never_sent(self):
        self.against(xmpp_fake.Server(self.kept, after=b"<enabled xmlns='urn:xmpp:sm:3' resume='true' id='1'/><a xmlns='urn:xmpp:sm:3' h='9'/>"
                                                       b"<r xmlns='urn:xmpp:sm:3'/><resumed xmlns='urn:xmpp:sm:3'/>"))

    def test_a_hundred_thousand_stanzas_that_say_nothing(self):
        nonsense = (b"<presence from='x'/><presence type='error'/><iq type='result'/><iq/><message from='@'/><message/>"
                    b"<x xmlns='urn:x'/><presence from='ops@rooms.localhost/a' type='unavailable'/>") * 12_500
        server = self.against(xmpp_fake.Server(self.kept, after=nonsense + b"<iq type='get' id='last' from='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"))
        self.assertIn(b'id="last"', server.heard)
        self.assertEqual(server.connections, 1)
