// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "modules/bot/inputs/xmpp/acknowledged.hpp"
#include "modules/bot/inputs/xmpp/jid.hpp"
#include "modules/bot/inputs/xmpp/namespaces.hpp"
#include "modules/bot/inputs/xmpp/parser.hpp"

using namespace microhost::bot::xmpp;

namespace {

constexpr std::string_view kHeader =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0' xml:lang='en'>";

struct Heard final : Parser::Sink {
    explicit Heard(Parser::Limits limits = Parser::Limits()) : parser(*this, limits) {}
    void on_header(const Element& e) override { header = e; }
    void on_stanza(Element e) override {
        stanzas.push_back(std::move(e));
        if (stanzas.back().name == "again") parser.restart();
        if (stanzas.back().name == "pause") parser.restart(true);
        if (stanzas.back().name == "stop") parser.stop();
    }
    void on_end() override { ended = true; }

    Element header;
    std::vector<Element> stanzas;
    bool ended = false;
    Parser parser;
};

std::string refusal(std::string_view text, Parser::Limits limits = Parser::Limits()) {
    Heard h(limits);
    const bool good = h.parser.feed(kHeader) && h.parser.feed(text);
    CHECK(!good);
    CHECK(!h.parser.feed("<a/>"));
    CHECK(h.stanzas.empty());
    return h.parser.why();
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

std::string nested(size_t n) {
    std::string out;
    for (size_t i = 0; i < n; ++i) out += "<a>";
    for (size_t i = 0; i < n; ++i) out += "</a>";
    return out;
}

}  // namespace

TEST_SUITE("modules/bot/xmpp/parser") {
    TEST_CASE("a stream gives the same stanzas, however its bytes come") {
        const std::string text =
            std::string(kHeader) +
            "<message from='a@b/c' type=\"chat\"><body>1 &lt; 2 &amp; "
            "\xC3\xBC&#x1F600;<![CDATA[<b>]]></body>"
            "<x xmlns='urn:x'><y z='1'/></x></message> \n <presence/><s:features "
            "xmlns:s='http://etherx.jabber.org/streams'/></stream:stream>";
        for (const size_t step : {size_t{1}, size_t{7}, text.size()}) {
            CAPTURE(step);
            Heard h;
            for (size_t i = 0; i < text.size(); i += step)
                REQUIRE(h.parser.feed(std::string_view(text).substr(i, step)));
            CHECK(h.header.is("stream", ns::kStreams));
            CHECK(h.header.attribute("id") == "1");
            CHECK(h.header.attribute("xml:lang") == "en");
            REQUIRE(h.stanzas.size() == 3);
            const Element& m = h.stanzas[0];
            CHECK(m.is("message", ns::kClient));
            CHECK(m.attribute("from") == "a@b/c");
            CHECK(m.child_text("body", ns::kClient) == "1 < 2 & \xC3\xBC\xF0\x9F\x98\x80<b>");
            REQUIRE(m.child("x", "urn:x"));
            CHECK(m.child("x", "urn:x")->child("y", "urn:x")->attribute("z") == "1");
            CHECK(!m.child("x", ns::kClient));
            CHECK(h.stanzas[2].is("features", ns::kStreams));
            CHECK(h.ended);
        }
    }

    TEST_CASE("a stanza is told with its last byte, not with the next one") {
        Heard h;
        REQUIRE(h.parser.feed(kHeader));
        REQUIRE(h.parser.feed("<message><body>" + std::string(9000, 'x')));
        REQUIRE(h.parser.feed(std::string(9000, 'x') + "</bo"));
        REQUIRE(h.parser.feed("dy></message>"));
        CHECK(h.stanzas.size() == 1);
    }

    TEST_CASE(
        "what XMPP forbids ends the stream: types, entities, instructions, comments, other "
        "encodings") {
        Heard laughs;
        CHECK(!laughs.parser.feed(
            "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 "
            "'&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;'>]><stream:stream>&lol2;"));
        CHECK(laughs.parser.why() == "a document type");
        CHECK(has(refusal("<m>&lol;</m>"), "undefined entity"));
        CHECK(refusal("<?php x?><m/>") == "a processing instruction");
        CHECK(refusal("<m><!-- x --></m>") == "a comment");
        CHECK(refusal("words") == "text between stanzas");
        CHECK(has(refusal("<m>\xC3\x28</m>"), "no XML"));
        CHECK(has(refusal("<m>\xED\xA0\x80</m>"), "no XML"));
        CHECK(has(refusal("<m>\x01</m>"), "no XML"));
        CHECK(has(refusal("<m a='1' a='2'/>"), "duplicate"));
        CHECK(has(refusal("<m></n>"), "mismatched"));
        CHECK(has(refusal("<q:m/>"), "unbound prefix"));
        CHECK(has(refusal(std::string("<m>\0</m>", 8)), "no XML"));
        Heard latin;
        CHECK(!latin.parser.feed("<?xml version='1.0' encoding='ISO-8859-1'?><a>"));
        CHECK(latin.parser.why() == "an encoding other than UTF-8");
    }

    TEST_CASE("stanzas have limits: bytes, depth, elements, attributes; a stream has none") {
        const Parser::Limits small{1000, 6, 20, 3};
        const auto message = [](size_t n) { return "<m>" + std::string(n, 'x') + "</m>"; };
        CHECK(has(refusal(message(1001), small), "more than 1000 bytes"));
        CHECK(has(refusal("<m a='" + std::string(1001, 'x'), small), "more than 1000 bytes"));
        CHECK(
            has(refusal(std::string(20'000, 'x').insert(0, "<m>"), small), "more than 1000 bytes"));
        CHECK(refusal(nested(6), small) == "elements nested too deep");
        CHECK(
            refusal("<m>" + nested(1) + nested(1) + nested(1) +
                        "<b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/></m>",
                    small) == "a stanza of too many elements");
        CHECK(refusal("<m a='' b='' c='' d=''/>", small) == "an element of too many attributes");
        Heard h(small);
        REQUIRE(h.parser.feed(kHeader));
        REQUIRE(h.parser.feed(nested(5)));
        for (int i = 0; i < 100; ++i) REQUIRE(h.parser.feed(message(900) + std::string(500, ' ')));
        CHECK(h.stanzas.size() == 101);
    }

    TEST_CASE("a stream that begins anew: bytes before it are refused") {
        Heard h;
        REQUIRE(h.parser.feed(kHeader));
        REQUIRE(h.parser.feed("<again/>"));
        REQUIRE(h.parser.feed(kHeader));
        REQUIRE(h.parser.feed("<pause/>\n"));
        REQUIRE(h.parser.feed(kHeader));
        REQUIRE(h.parser.feed("<m/>"));
        CHECK(h.stanzas.size() == 3);
        CHECK(!h.parser.feed("<again></again><m/>"));  // as an attacker before TLS would
        CHECK(has(h.parser.why(), "bytes before the stream"));
        CHECK(h.stanzas.size() == 4);
        for (const char* bad : {"<again/> ", "<pause/><m/>", "<pause/>\n<m/>"}) {
            Heard other;
            REQUIRE(other.parser.feed(kHeader));
            CHECK(!other.parser.feed(bad));
        }
        Heard stopped;
        REQUIRE(stopped.parser.feed(std::string(kHeader) + "<stop/><m/>"));
        REQUIRE(stopped.parser.feed("<m/>"));
        CHECK(stopped.stanzas.size() == 1);
    }
}

TEST_SUITE("modules/bot/xmpp/stanza") {
    TEST_CASE("what is written is read again") {
        Element m("message");
        m.with("to", "a@b").with("id", "").with("type", "a\"<'&>b");
        m.with(Element("body").saying("1 < 2\n]]> \"&amp;\"\r."));
        m.with(Element("x", "urn:x").with(Element("y")));
        CHECK(m.xml() ==
              "<message to=\"a@b\" type=\"a&quot;&lt;&apos;&amp;&gt;b\"><body>1 &lt; 2\n]]&gt; "
              "&quot;&amp;amp;&quot;&#13;.</body>"
              "<x xmlns=\"urn:x\"><y/></x></message>");
        Heard h;
        REQUIRE(h.parser.feed(std::string(kHeader) + m.xml()));
        REQUIRE(h.stanzas.size() == 1);
        CHECK(h.stanzas[0].xml() == m.xml());
        CHECK(h.stanzas[0].child_text("body", ns::kClient) == "1 < 2\n]]> \"&amp;\"\r.");
    }

    TEST_CASE("whatever a service answers, the stream stays XML") {
        const std::string bad = std::string("a\0b\x01\x7f\xff\xC3", 7) +
                                "\xED\xA0\x80\xF4\x90\x80\x80\xC0\xAF\xEF\xBF\xBF\xF0\x9F\x98";
        Heard h;
        REQUIRE(h.parser.feed(std::string(kHeader) + "<m>" + escaped(bad) + "</m>"));
        CHECK(has(h.stanzas[0].text,
                  "a\xEF\xBF\xBD"
                  "b\xEF\xBF\xBD\x7f\xEF\xBF\xBD\xEF\xBF\xBD"));
        CHECK(escaped("\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80") ==
              "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80");
    }
}

TEST_SUITE("modules/bot/xmpp/jid") {
    TEST_CASE("addresses") {
        const Jid j = Jid::of("Ada@Example.ORG/Tele/Phone@x");
        CHECK(j.bare() == "ada@example.org");
        CHECK(j.resource == "Tele/Phone@x");
        CHECK(j.full() == "ada@example.org/Tele/Phone@x");
        CHECK(Jid::of("example.org.").full() == "example.org");
        CHECK(Jid::of("a@b/c").same_account(Jid::of("A@B/d")));
        CHECK(!(Jid::of("a@b/c") == Jid::of("a@b/d")));
        CHECK(Jid::of("a@b").with_resource("r").full() == "a@b/r");
        for (const char* bad :
             {"", "@b", "a@", "a@b/", "/r", "a@b@c", "a b@c", "a:b@c", "a@b c", "a\n@b", "<a>@b"})
            CHECK(Jid::of(bad).empty());
        CHECK(Jid::of(std::string(1024, 'a') + "@b").empty());
    }
}

TEST_SUITE("modules/bot/xmpp/acknowledged") {
    TEST_CASE("what the peer has is forgotten, what it may not have is kept") {
        Acknowledged a;
        for (const char* s : {"1", "2", "3"}) a.sent(s);
        CHECK(a.acknowledge(2));
        CHECK(a.waiting().front() == "3");
        CHECK(!a.acknowledge(4));
        CHECK(!a.acknowledge(1));
        CHECK(a.acknowledge(2));
        CHECK(a.acknowledge(3));
        CHECK(a.waiting().empty());
    }

    TEST_CASE("counters wrap, and go on elsewhere") {
        Acknowledged a;
        a.restore(0xFFFFFFFFu, 0xFFFFFFFEu);
        a.received();
        CHECK(a.handled() == 0);
        for (const char* s : {"1", "2", "3"}) a.sent(s);
        CHECK(a.acknowledge(0xFFFFFFFFu));
        CHECK(a.acknowledge(1));
        CHECK(a.waiting().empty());
        CHECK(a.acknowledged() == 1);
    }

    TEST_CASE("no more than so much waits, and numbers are numbers") {
        Acknowledged a;
        while (a.room()) a.sent("x");
        CHECK(a.waiting().size() == Acknowledged::kMost);
        a.start();
        a.sent(std::string(Acknowledged::kMostBytes, 'x'));
        CHECK(!a.room());
        CHECK(Acknowledged::number("4294967295") == 4294967295u);
        for (const char* bad : {"", "-1", "4294967296", "1x", " 1"})
            CHECK(!Acknowledged::number(bad));
    }
}
