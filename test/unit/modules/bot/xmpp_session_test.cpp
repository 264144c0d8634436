// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "modules/shared/base64.hpp"
#include "xmpp_wire.hpp"

using namespace microhost::bot::xmpp::test;
using microhost::shared::base64_decode;
using microhost::shared::base64_encode;

namespace {

constexpr char kStartTls[] =
    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>";
constexpr char kProceed[] = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

std::string hmac(std::string_view key, std::string_view text) {
    unsigned char out[32];
    unsigned n = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &n);
    return {reinterpret_cast<char*>(out), n};
}

/// The other side of SCRAM-SHA-256: what it says last.
std::string last_word(const std::string& password, const std::string& first_bare,
                      const std::string& server_first, const std::string& without_proof) {
    std::string salted(32, '\0');
    PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                      reinterpret_cast<const unsigned char*>("salt"), 4, 4096, EVP_sha256(), 32,
                      reinterpret_cast<unsigned char*>(salted.data()));
    return "v=" + base64_encode(hmac(hmac(salted, "Server Key"),
                                     first_bare + ',' + server_first + ',' + without_proof));
}

std::string mechanisms(std::initializer_list<const char*> names) {
    std::string out = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>";
    for (const char* n : names) out += "<mechanism>" + std::string(n) + "</mechanism>";
    return out + "</mechanisms>";
}

/// What stands between two texts.
std::string between(const std::string& text, std::string_view begin, std::string_view end) {
    const size_t at = text.find(begin);
    REQUIRE(at != text.npos);
    const size_t from = at + begin.size();
    return text.substr(from, text.find(end, from) - from);
}

std::string decoded(const std::string& text) {
    std::string out;
    REQUIRE(base64_decode(text, out));
    return out;
}

std::string sasl(std::string_view name, std::string_view said) {
    const std::string n(name);
    return "<" + n + " xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + base64_encode(said) + "</" + n +
           ">";
}

/// SCRAM up to the server's last word, which is returned.
std::string scram(Wire& w, const std::string& password) {
    const std::string first = decoded(between(w.sent(), "mechanism=\"SCRAM-SHA-256\">", "<"));
    const std::string bare = first.substr(3);
    const std::string server_first =
        "r=" + bare.substr(bare.find("r=") + 2) + "S," + "s=" + base64_encode("salt") + ",i=4096";
    w.says(sasl("challenge", server_first));
    const std::string final =
        decoded(between(w.sent(), "<response xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\">", "<"));
    return last_word(password, bare, server_first, final.substr(0, final.find(",p=")));
}

}  // namespace

TEST_SUITE("modules/bot/xmpp/session") {
    TEST_CASE("STARTTLS first: before it nothing is said but where to") {
        Wire w;
        w.client->session().open(false);
        const std::string greeting = w.sent();
        CHECK(has(greeting, "to=\"example.org\""));
        CHECK(!has(greeting, "from="));
        w.says(w.stream(std::string(kStartTls) + Wire::kPlain));
        CHECK(w.sent() == "<starttls xmlns=\"urn:ietf:params:xml:ns:xmpp-tls\"/>");
        w.says(kProceed);
        CHECK(w.handshakes == 1);
        CHECK(w.sent().empty());
        w.client->session().secured();
        CHECK(has(w.sent(), "from=\"bot@example.org\""));
    }

    TEST_CASE("no STARTTLS, no word; and what is put in front of TLS ends it") {
        Wire plain;
        plain.connects(false);
        plain.says(plain.stream(Wire::kPlain));
        CHECK(has(plain.over().text, "offers no STARTTLS"));
        CHECK(plain.sent().empty());

        Wire injected;
        injected.connects(false);
        injected.says(injected.stream(kStartTls));
        injected.says(std::string(kProceed) + "<stream:features>" + Wire::kPlain +
                      "</stream:features>");
        CHECK(injected.handshakes == 0);
        CHECK(has(injected.over().text, "bytes before the stream"));

        Wire old;
        old.connects(false);
        old.says(
            "<stream:stream xmlns='jabber:client' "
            "xmlns:stream='http://etherx.jabber.org/streams'>");
        CHECK(has(old.over().text, "no XMPP 1.0"));
        Wire web;
        web.connects(false);
        web.says("HTTP/1.1 400 Bad Request\r\n\r\n");
        CHECK(has(web.over().text, "no XML"));
    }

    TEST_CASE("the strongest mechanism is taken, and the server has to prove itself") {
        Wire w;
        w.connects();
        w.says(w.stream(mechanisms({"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "X-NONE"})));
        w.says(sasl("success", scram(w, "pencil-secret")));
        CHECK(has(w.sent(), "<stream:stream"));
        w.says(w.stream(Wire::kFeatures));
        CHECK(has(w.sent(), "urn:ietf:params:xml:ns:xmpp-bind"));
        CHECK(w.ends.empty());

        Wire twice;  // its last word may be a challenge
        twice.connects();
        twice.says(twice.stream(mechanisms({"SCRAM-SHA-256"})));
        twice.says(sasl("challenge", scram(twice, "pencil-secret")));
        twice.says(Wire::kSuccess);
        CHECK(twice.ends.empty());

        for (const bool silent : {false, true}) {
            Wire liar;
            liar.connects();
            liar.says(liar.stream(mechanisms({"SCRAM-SHA-256"})));
            const std::string last = scram(liar, "another");
            liar.says(silent ? std::string(Wire::kSuccess) : sasl("success", last));
            CHECK(has(liar.over().text, "did not prove"));
            CHECK(liar.sent().empty());
        }
        Wire early;
        early.connects();
        early.says(early.stream(mechanisms({"SCRAM-SHA-256"})));
        early.says(Wire::kSuccess);
        CHECK(has(early.over().text, "did not prove"));
    }

    TEST_CASE("a wrong password is refused for good, other refusals pass") {
        for (const auto& c : {std::pair{"not-authorized", End::How::refused},
                              {"account-disabled", End::How::refused},
                              {"temporary-auth-failure", End::How::lost},
                              {"aborted", End::How::lost}}) {
            const auto condition = c.first;
            const auto how = c.second;
            CAPTURE(condition);
            Wire w;
            w.connects();
            w.says(w.stream(Wire::kPlain));
            CHECK(decoded(between(w.sent(), "mechanism=\"PLAIN\">", "<")) ==
                  std::string("\0bot\0pencil-secret", 18));
            w.says("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><" + std::string(condition) +
                   "/><text>pencil</text></failure>");
            const End e = w.over();
            CHECK(e.how == how);
            CHECK(has(e.text, condition));
            CHECK(!has(e.text, "pencil"));
        }
        Wire none;
        none.connects();
        none.says(none.stream(mechanisms({"GSSAPI", "EXTERNAL"})));
        const End e = none.over();
        CHECK(e.how == End::How::refused);
        CHECK(has(e.text, "GSSAPI, EXTERNAL"));
    }

    TEST_CASE("a weaker mechanism than before is noticed") {
        Wire w;
        w.connects();
        w.says(w.stream(mechanisms({"SCRAM-SHA-256"})));
        w.client->lost();
        w.connects();
        w.says(w.stream(Wire::kPlain));
        CHECK(w.client->session().weaker());
    }

    TEST_CASE("bind, session when it is asked for, then presence") {
        Wire w(Wire::settings(false));
        w.connects();
        w.says(w.stream(Wire::kPlain));
        w.says(Wire::kSuccess);
        w.says(
            w.stream("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><session "
                     "xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"));
        w.sent();
        w.binds();
        CHECK(has(w.sent(), "urn:ietf:params:xml:ns:xmpp-session"));
        CHECK(w.online == 0);
        w.says("<iq type='result' id='session'/>");
        CHECK(w.sent() == "<presence/>");
        CHECK(w.online == 1);
        CHECK(w.client->summary() == "as bot@example.org/r1, by PLAIN");

        Wire refused;
        refused.connects();
        refused.lets_in();
        refused.says(
            "<iq type='error' id='bind'><error type='cancel'><conflict "
            "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        CHECK(has(refused.over().text, "no address: conflict"));
    }

    TEST_CASE("silence: a ping, then the end") {
        Wire w;
        w.joins();
        w.says("<a xmlns='urn:xmpp:sm:3' h='2'/>");
        w.wait(59'000);
        CHECK(w.sent().empty());
        w.wait(1'000);
        CHECK(w.sent() == "<r xmlns=\"urn:xmpp:sm:3\"/>");
        w.says("<a xmlns='urn:xmpp:sm:3' h='2'/>");
        w.wait(60'000);
        CHECK(w.sent() == "<r xmlns=\"urn:xmpp:sm:3\"/>");
        w.wait(29'000);
        CHECK(w.ends.empty());
        w.wait(1'000);
        CHECK(has(w.over().text, "taken for dead"));
        w.wait(100'000);
        CHECK(w.ends.empty());

        Wire slow;
        slow.connects();
        slow.wait(30'000);
        CHECK(has(slow.over().text, "within 30 s"));
    }

    TEST_CASE("errors of the stream, and its end") {
        const auto ended = [](std::string_view condition) {
            Wire w;
            w.joins();
            w.says("<stream:error>" + std::string(condition) + "</stream:error></stream:stream>");
            return w.over();
        };
        const std::string ns = " xmlns='urn:ietf:params:xml:ns:xmpp-streams'";
        CHECK(has(ended("<system-shutdown" + ns + "/><text" + ns + ">back\nsoon</text>").text,
                  "system-shutdown (back soon)"));
        CHECK(has(ended("<conflict" + ns + "/>").text,
                  "somebody else logged in as bot@example.org/r1"));
        const End e = ended("<see-other-host" + ns + ">[::1]:5333</see-other-host>");
        CHECK(e.how == End::How::elsewhere);
        CHECK(e.host == "[::1]:5333");
        Wire closed;
        closed.joins();
        closed.says("</stream:stream>");
        CHECK(closed.over().text == "the server closed the stream");
        Wire broken;
        broken.joins();
        broken.says("<message><!-- x -->");
        CHECK(has(broken.over().text, "a comment"));
        CHECK(broken.sent() == "</stream:stream>");
    }
}

TEST_SUITE("modules/bot/xmpp/resume") {
    constexpr char kResume[] = "<resume xmlns=\"urn:xmpp:sm:3\" h=\"";

    TEST_CASE("a lost connection: the session goes on, and what may be missing is sent again") {
        Wire w;
        w.joins();  // the presence, and that for the room
        w.says("<a xmlns='urn:xmpp:sm:3' h='2'/>");
        w.message(std::string(kOps) + "/ada", "groupchat", "microbot: one");
        REQUIRE(w.client->send({kOps, "", ""}, "first"));
        REQUIRE(w.client->send({kOps, "", ""}, "second"));
        w.client->lost();
        w.sent();
        REQUIRE(w.client->send({kOps, "", ""}, "third"));  // waits

        w.connects();
        w.lets_in();
        CHECK(has(w.sent(), std::string(kResume) + "3\" previd=\"sm-1\"/>"));
        w.says("<resumed xmlns='urn:xmpp:sm:3' h='3' previd='sm-1'/>");
        const std::string again = w.sent();
        CHECK(!has(again, "first"));
        CHECK(has(again, "second"));
        CHECK(again.find("second") < again.find("third"));
        CHECK(!has(again, "presence"));  // still in the room
        w.message(
            std::string(kOps) + "/ada", "groupchat", "microbot: two",
            "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='2023-11-14T22:13:20Z'/>");
        CHECK(w.messages.size() == 2);
        CHECK(w.messages.back().from.identity == "xmpp:ada@example.org");
    }

    TEST_CASE(
        "a session that is gone: a new one, and messages that it never had are sent once more") {
        for (const bool known : {true, false}) {
            Wire w;
            w.joins();
            w.says("<a xmlns='urn:xmpp:sm:3' h='2'/>");
            REQUIRE(w.client->send({kOps, "", ""}, "first"));
            REQUIRE(w.client->send({kOps, "", ""}, "second"));
            w.client->lost();
            w.connects();
            w.lets_in();
            w.says("<failed xmlns='urn:xmpp:sm:3'" + std::string(known ? " h='3'" : "") +
                   "><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
            w.binds();
            std::string out = w.sent();
            CHECK(has(out, "http://jabber.org/protocol/muc"));  // joins again
            CHECK(!has(out, "<body>"));
            w.presence("microbot", "", Wire::code("110"));
            out = w.sent();
            CHECK(!has(out, "first"));
            CHECK(has(out, "second") == known);
        }
    }

    TEST_CASE("what a server cannot mean") {
        Wire w;
        w.joins();
        w.says("<a xmlns='urn:xmpp:sm:3' h='77'/>");
        CHECK(has(w.over().text, "never sent"));
        w.client->lost();
        w.connects();
        w.lets_in();
        CHECK(!has(w.sent(), "<resume"));
        Wire other;
        other.joins();
        other.client->lost();
        other.connects();
        other.lets_in();
        other.says("<resumed xmlns='urn:xmpp:sm:3' h='0' previd='another'/>");
        CHECK(has(other.over().text, "not ours"));
    }

    TEST_CASE("a server that acknowledges nothing gets no more than so much") {
        Wire w;
        w.joins();
        for (int i = 0; i < 2000; ++i) {
            w.client->send({"", "ada@example.org/x", ""}, "x");
            w.now += 100;
        }
        CHECK(w.client->waiting() == Client::kMostWaiting);
        CHECK(w.client->counts().dropped > 700);
        w.says("<a xmlns='urn:xmpp:sm:3' h='3'/>");
        CHECK(w.ends.empty());
    }

    TEST_CASE("another generation goes on in the middle of a stanza") {
        Wire w;
        w.joins();
        w.says("<message from='" + std::string(kOps) +
               "/ada' type='groupchat'><body>microbot: \xC3");
        REQUIRE(w.client->send({kOps, "", ""}, "first"));
        const std::string state = w.client->state(true).xml();
        CHECK(!has(state, "pencil-secret"));
        Element e;
        REQUIRE(microhost::bot::xmpp::read_element(state, e));
        Wire next;
        REQUIRE(next.client->restore(e, true));
        CHECK(next.client->session().online());
        CHECK(next.sent().empty());
        next.says("\xBC</body></message><r xmlns='urn:xmpp:sm:3'/>");
        const Message m = next.heard();
        CHECK(m.text == "\xC3\xBC");
        CHECK(m.from.identity == "xmpp:ada@example.org");
        CHECK(next.sent() == "<a xmlns=\"urn:xmpp:sm:3\" h=\"3\"/>");
        next.says("<a xmlns='urn:xmpp:sm:3' h='3'/>");
        CHECK(next.ends.empty());
        CHECK(has(next.client->summary(), "in 1 of 1 room"));
    }

    TEST_CASE("another generation resumes, with other rooms") {
        Wire w;
        w.joins();
        w.client->send({kOps, "", ""}, "first");
        Element e;
        REQUIRE(microhost::bot::xmpp::read_element(w.client->state(false).xml(), e));
        Settings s = Wire::settings(false);
        s.rooms = {"dev@rooms.example.org"};
        Wire next(s);
        REQUIRE(next.client->restore(e, false));
        CHECK(!next.client->session().online());
        next.connects();
        next.lets_in();
        CHECK(has(next.sent(), "previd=\"sm-1\""));
        next.says("<resumed xmlns='urn:xmpp:sm:3' h='2' previd='sm-1'/>");
        const std::string out = next.sent();
        CHECK(has(out, "first"));
        CHECK(has(out, "<presence type=\"unavailable\" to=\"ops@rooms.example.org/microbot\"/>"));
        CHECK(has(out, "to=\"dev@rooms.example.org/microbot\""));

        s.account.jid = Jid::of("other@example.org");
        CHECK(!Wire(s).client->restore(e, false));
        CHECK(!Wire().client->restore(Element("client"), true));
    }
}
