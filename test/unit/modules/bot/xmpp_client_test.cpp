// SPDX-License-Identifier: Apache-2.0
#include "modules/bot/inputs/xmpp/incoming.hpp"
#include "xmpp_wire.hpp"

using namespace microhost::bot::xmpp::test;

namespace {

const std::string kAda = std::string(kOps) + "/ada";

std::string mention(std::string_view text, std::vector<std::string> names = {"microbot"}) {
    return microhost::bot::xmpp::take_mention(text, names) ? std::string(text) : "-";
}

}  // namespace

TEST_SUITE("modules/bot/xmpp/messages") {
    TEST_CASE("in a room: who it is says the room, not the nick") {
        Wire w;
        w.joins();
        w.message(kAda, "groupchat", "microbot: deregister greeter");
        Message m = w.heard();
        CHECK(m.from.name == "ada");
        CHECK(m.from.identity == "xmpp:ada@example.org");
        CHECK(m.text == "deregister greeter");
        CHECK(m.addressed);
        CHECK(m.place.room == kOps);

        // She leaves, and somebody takes her name.
        w.presence("ada", "", "", "unavailable");
        w.message(kAda, "groupchat", "microbot: deregister greeter");
        CHECK(w.heard().from.identity == "");
        w.presence("ada", "mallory@elsewhere.example/x");
        w.message(
            kAda, "groupchat", "microbot: deregister greeter",
            "<x xmlns='http://jabber.org/protocol/muc#user'><item jid='ada@example.org'/></x>");
        CHECK(w.heard().from.identity == "xmpp:mallory@elsewhere.example");
        // A service that passes on what an occupant says of himself.
        w.says(
            "<presence from='ops@rooms.example.org/ada'><x "
            "xmlns='http://jabber.org/protocol/muc#user'>"
            "<item jid='ada@example.org/x'/><status code='110'/></x><x "
            "xmlns='http://jabber.org/protocol/muc#user'>"
            "<item jid='mallory@elsewhere.example/x'/></x></presence>");
        w.message(kAda, "groupchat", "microbot: deregister greeter");
        CHECK(w.heard().from.identity == "");
        w.presence("bob", "");  // the room does not say
        w.message(std::string(kOps) + "/bob", "groupchat", "hello there");
        m = w.heard();
        CHECK(m.from.identity == "");
        CHECK(!m.addressed);
        CHECK(m.text == "hello there");
    }

    TEST_CASE("ignored: history, reflections, other places, errors, slips, itself") {
        Wire w;
        w.joins();
        w.message(std::string(kOps) + "/microbot", "groupchat", "my own words");
        w.message(kOps, "groupchat", "the room says");
        w.message("dev@rooms.example.org/ada", "groupchat", "microbot: x");
        w.message(kAda, "groupchat", "microbot: x",
                  "<delay xmlns='urn:xmpp:delay' from='ops@rooms.example.org' "
                  "stamp='2023-11-14T22:13:20Z'/>");
        w.message(kAda, "groupchat", "microbot: x",
                  "<delay xmlns='urn:xmpp:delay' stamp='2023-11-14T22:13:20Z'/>");
        w.message(kAda, "groupchat", "microbot: x", "<x xmlns='jabber:x:delay'/>");
        w.message(kAda, "groupchat", "microbot: x",
                  "<replace xmlns='urn:xmpp:message-correct:0' id='1'/>");
        w.message(kAda, "error", "microbot: x");
        w.message(kAda, "headline", "microbot: x");
        w.message("bot@example.org/other", "chat", "x");
        w.message("bot@example.org", "chat", "x", "<sent xmlns='urn:xmpp:carbons:2'/>");
        w.says("<message type='chat'><body>from nobody</body></message>");
        w.message("stranger@rooms.example.net/a", "chat", "x",
                  "<x xmlns='http://jabber.org/protocol/muc#user'/>");
        // Mail that waited for longer than anybody waits for an answer.
        w.message(
            "ada@example.org/x", "chat", "x",
            "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='2023-11-14T22:03:19Z'/>");
        w.says(
            "<message from='ada@example.org/x' type='chat'><composing "
            "xmlns='http://jabber.org/protocol/chatstates'/></message>");
        CHECK(w.messages.empty());
        w.message(
            "ada@example.org/x", "chat", "x",
            "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='2023-11-14T22:03:21Z'/>");
        CHECK(w.heard().text == "x");
    }

    TEST_CASE("directly, and whispered in a room") {
        Wire w;
        w.joins();
        w.message("Ada@Example.org/Phone", "chat", " list services ", "<thread>t1</thread>");
        Message m = w.heard();
        CHECK(m.from.identity == "xmpp:ada@example.org");
        CHECK(m.text == "list services");
        CHECK(m.addressed);
        CHECK(m.place.direct());
        REQUIRE(w.client->send(m.place, "greeter"));
        const std::string out = w.sent();
        CHECK(has(out, "to=\"ada@example.org/Phone\" type=\"chat\""));
        CHECK(has(out, "<body>greeter</body><thread>t1</thread>"));

        w.message(kAda, "chat", "ping", "<x xmlns='http://jabber.org/protocol/muc#user'/>");
        m = w.heard();
        CHECK(m.from.identity == "xmpp:ada@example.org");
        CHECK(m.place.direct());
        REQUIRE(w.client->send(m.place, "pong"));
        CHECK(has(w.sent(), "to=\"ops@rooms.example.org/ada\" type=\"chat\""));
        w.message("ada@example.org/x", "", "normal");
        CHECK(w.heard().text == "normal");
    }

    TEST_CASE("mentions") {
        CHECK(mention("microbot: list") == "list");
        CHECK(mention("@MicroBot list") == "list");
        CHECK(mention("microbot, list") == "list");
        CHECK(mention("microbot") == "");
        CHECK(mention("microbots: list") == "-");
        CHECK(mention("hey microbot") == "-");
        CHECK(mention("@Micro Bot help", {"MicroBot", "Micro Bot"}) == "help");
        CHECK(mention("@microbot help", {"MicroBot", "Micro Bot"}) == "help");
        CHECK(mention("", {""}) == "-");
    }

    TEST_CASE("invitations are followed when somebody sends them who may") {
        Settings s = Wire::settings();
        s.inviters = {"ada@example.org", "friends.example"};
        Wire w(s);
        w.joins();
        const auto mediated = [&](std::string_view room, std::string_view by) {
            w.says("<message from='" + std::string(room) +
                   "'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='" +
                   std::string(by) + "'/><password>pw</password></x></message>");
            return w.sent();
        };
        const auto direct = [&](std::string_view room, std::string_view by) {
            w.says("<message from='" + std::string(by) + "'><x xmlns='jabber:x:conference' jid='" +
                   std::string(room) + "'/></message>");
            return w.sent();
        };
        CHECK(mediated("a@rooms.example.org", "mallory@example.org/x").empty());
        CHECK(has(mediated("a@rooms.example.org", "ada@example.org/x"),
                  "to=\"a@rooms.example.org/microbot\""));
        CHECK(mediated("b@rooms.evil.example", "ada@example.org/x")
                  .empty());  // it is that room's word alone
        CHECK(has(direct("c@rooms.evil.example", "ada@example.org/x"),
                  "to=\"c@rooms.evil.example/microbot\""));
        CHECK(has(direct("d@rooms.example.org", "bob@friends.example"),
                  "to=\"d@rooms.example.org/microbot\""));
        CHECK(direct("rooms.example.org", "ada@example.org/x").empty());
        CHECK(w.messages.empty());

        // A stranger's service may say what it likes about who is in its rooms.
        w.says(
            "<presence from='c@rooms.evil.example/ada'><x "
            "xmlns='http://jabber.org/protocol/muc#user'><item "
            "jid='ada@example.org/x'/></x></presence>"
            "<presence from='c@rooms.evil.example/microbot'><x "
            "xmlns='http://jabber.org/protocol/muc#user'><item/><status "
            "code='110'/></x></presence>");
        w.message("c@rooms.evil.example/ada", "groupchat", "microbot: x");
        CHECK(w.heard().from.identity == "");
    }

    TEST_CASE("requests are answered") {
        Wire w;
        w.joins();
        w.says("<iq type='get' id='p1' from='example.org'><ping xmlns='urn:xmpp:ping'/></iq>");
        CHECK(has(w.sent(), "<iq type=\"result\" id=\"p1\" to=\"example.org\"/>"));
        w.says(
            "<iq type='get' id='v1' from='ada@example.org/x'><query "
            "xmlns='jabber:iq:version'/></iq>");
        CHECK(has(w.sent(), "<name>microhost</name>"));
        w.says(
            "<iq type='get' id='d1' from='ada@example.org/x'><query "
            "xmlns='http://jabber.org/protocol/disco#info' node='n'/></iq>");
        CHECK(has(w.sent(), "category=\"client\" type=\"bot\""));
        w.says(
            "<iq type='set' id='r1' from='bot@example.org'><query "
            "xmlns='jabber:iq:roster'/></iq><iq type='get' id='e'/>");
        CHECK(
            has(w.sent(), "<service-unavailable xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\"/>"));
        CHECK(w.ends.empty());
    }

    TEST_CASE(
        "no more than a server bears: the rest waits, in order, and rooms do not wait for each "
        "other") {
        Wire w;
        w.joins();
        for (int i = 0; i < 60; ++i)
            REQUIRE(w.client->send({"", "ada@example.org/x", ""}, "n" + std::to_string(i) + "."));
        std::string out = w.sent();
        CHECK(has(out, "n49."));
        CHECK(!has(out, "n50."));
        w.now += 100;
        w.client->pump();
        out = w.sent();
        CHECK(has(out, "n51."));
        CHECK(!has(out, "n52."));
        w.wait(1000);
        CHECK(w.client->waiting() == 0);
        CHECK(w.client->counts().sent == 60);
        CHECK(!w.client->send({"", "no address", ""}, "x"));
        w.client->send({"unknown@rooms.example.org", "", ""}, "x");
        CHECK(w.client->waiting() == 0);
        CHECK(w.client->counts().dropped == 2);
    }
}

TEST_SUITE("modules/bot/xmpp/rooms") {
    static std::string error(std::string_view condition) {
        return "<presence type='error' from='" + std::string(kOps) +
               "/microbot'><error type='cancel'><" + std::string(condition) +
               " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>";
    }

    TEST_CASE("joined when the room says that it is us, without history") {
        Wire w;
        w.logs_in();
        CHECK(has(w.sent(),
                  "<presence to=\"ops@rooms.example.org/microbot\"><x "
                  "xmlns=\"http://jabber.org/protocol/muc\">"
                  "<history maxstanzas=\"0\"/></x></presence>"));
        REQUIRE(w.client->send({kOps, "", ""}, "too early"));
        w.presence("ada", "ada@example.org/x");
        w.message(kAda, "groupchat", "microbot: x");
        CHECK(w.messages.empty());
        CHECK(has(w.client->summary(), "in 0 of 1 room"));
        CHECK(!has(w.sent(), "too early"));
        w.presence("microbot", "", Wire::code("110") + Wire::code("201"));
        const std::string out = w.sent();
        CHECK(has(out, "too early"));
        CHECK(has(out, "muc#owner"));  // a new room is locked otherwise
        CHECK(has(w.client->summary(), "in 1 of 1 room"));
    }

    TEST_CASE("a taken nick gets a _, not for ever") {
        Wire w;
        w.logs_in();
        w.says(error("conflict"));
        CHECK(has(w.sent(), "ops@rooms.example.org/microbot_\""));
        w.presence("microbot_", "", Wire::code("110"));
        w.message(kAda, "groupchat", "microbot_: x");
        CHECK(w.heard().addressed);
        Wire unlucky;
        unlucky.logs_in();
        for (int i = 0; i < 6; ++i) unlucky.says(error("conflict"));
        CHECK(has(unlucky.client->summary(), "is taken"));
        unlucky.sent();
        unlucky.says(error("conflict"));
        CHECK(unlucky.sent().empty());
    }

    TEST_CASE("thrown out: again after a while; banned, closed, locked: not again") {
        Wire w;
        w.joins();
        w.presence("microbot", "", Wire::code("110") + Wire::code("307"), "unavailable");
        CHECK(has(w.client->summary(),
                  "in 0 of 1 room; ops@rooms.example.org: thrown out; tried again in"));
        w.wait(59'000);
        CHECK(!has(w.sent(), "history"));
        w.says("<a xmlns='urn:xmpp:sm:3' h='2'/>");
        std::string out;
        for (int i = 0; i < 62 && !has(out, "history"); ++i) w.wait(1'000), out += w.sent();
        CHECK(has(out, "history"));
        w.presence("microbot", "", Wire::code("110") + Wire::code("301"), "unavailable");
        CHECK(has(w.client->summary(), "banned; not tried again"));
        for (const auto& [condition, words] :
             {std::pair{"forbidden", "banned"}, {"not-authorized", "password"}}) {
            Wire other;
            other.logs_in();
            other.sent();
            other.says(error(condition));
            CHECK(has(other.client->summary(), words));
            CHECK(other.client->send({kOps, "", ""}, "x"));
            CHECK(other.client->counts().dropped == 1);
        }
        Wire members;
        members.logs_in();
        members.says(error("registration-required"));
        CHECK(has(members.client->summary(), "members alone; tried again in"));
        Wire gone;
        gone.joins();
        gone.says("<presence type='unavailable' from='" + std::string(kOps) +
                  "/microbot'><x "
                  "xmlns='http://jabber.org/protocol/muc#user'><item/><destroy><reason>over</"
                  "reason></destroy></x></presence>");
        CHECK(has(gone.client->summary(), "closed (over)"));
    }

    TEST_CASE("a room that forgot us is found out, and one that does not answer is asked again") {
        Wire w;
        w.joins();
        for (int i = 0; i < 12; ++i) {
            w.wait(50'000);
            w.says("<a xmlns='urn:xmpp:sm:3' h='2'/>");
        }
        CHECK(has(w.sent(),
                  "id=\"room-ops@rooms.example.org\" to=\"ops@rooms.example.org/microbot\""));
        const auto answer = [&](std::string_view condition) {
            w.says(
                "<iq type='error' id='room-ops@rooms.example.org' "
                "from='ops@rooms.example.org/microbot'><error type='cancel'><" +
                std::string(condition) +
                " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
            return w.sent();
        };
        CHECK(!has(answer("service-unavailable"), "history"));
        CHECK(has(answer("not-acceptable"), "history"));
        Wire silent;
        silent.logs_in();
        silent.wait(30'000);
        silent.says("<a xmlns='urn:xmpp:sm:3' h='2'/>");
        silent.wait(30'000);
        CHECK(has(silent.client->summary(), "does not answer"));
    }

    TEST_CASE("others come, go and change names") {
        Wire w;
        w.joins();
        w.presence("ada", "", "<status code='303'/>", "unavailable");
        w.presence("lovelace", "ada@example.org/x");
        w.message(std::string(kOps) + "/lovelace", "groupchat", "microbot: x");
        CHECK(w.heard().from.identity == "xmpp:ada@example.org");
        w.says("<presence type='unavailable' from='" + std::string(kOps) +
               "/microbot'><x xmlns='http://jabber.org/protocol/muc#user'>"
               "<item nick='robbie'/><status code='303'/><status code='110'/></x></presence>");
        w.presence("robbie", "", Wire::code("110"));
        w.message(kAda, "groupchat", "robbie: x");
        CHECK(w.heard().addressed);
        CHECK(has(w.client->summary(), "in 1 of 1 room"));
    }
}

TEST_SUITE("modules/bot/hipchat") {
    TEST_CASE("its own way in: no second stream, no bind; the profile says what we are called") {
        Settings s;
        s.name = "hipchat";
        s.account.jid = Jid::of("chat.hipchat.test");
        s.account.user = "bot@example.org", s.account.password = "pw", s.account.resource = "bot";
        s.account.hipchat = s.account.keep_alive = true;
        s.rooms = {"1_ops"}, s.inviters = {"*"};
        Wire w(s);
        w.connects();
        w.says(w.stream(std::string(Wire::kPlain) + "<auth xmlns='http://hipchat.com'/>"));
        CHECK(w.sent() ==
              "<auth xmlns=\"http://hipchat.com\">AGJvdEBleGFtcGxlLm9yZwBwdwBib3Q=</auth>");
        w.says(
            "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl' jid='1_2@chat.hipchat.test/bot' "
            "muc_host='conf.hipchat.test'/>");
        CHECK(has(
            w.sent(),
            "to=\"1_2@chat.hipchat.test\"><query xmlns=\"http://hipchat.com/protocol/profile\"/>"));
        w.says(
            "<iq type='result' id='profile' from='1_2@chat.hipchat.test'><query "
            "xmlns='http://hipchat.com/protocol/profile'>"
            "<name>Micro Bot</name><mention_name>MicroBot</mention_name></query></iq>");
        CHECK(has(w.sent(), "to=\"1_ops@conf.hipchat.test/Micro Bot\""));
        w.says(
            "<presence from='1_ops@conf.hipchat.test/Ada L'><x "
            "xmlns='http://jabber.org/protocol/muc#user'><item "
            "jid='1_3@chat.hipchat.test'/></x></presence>"
            "<presence from='1_ops@conf.hipchat.test/Micro Bot'><x "
            "xmlns='http://jabber.org/protocol/muc#user'><item/><status "
            "code='110'/></x></presence>");
        w.message("1_ops@conf.hipchat.test/Ada L", "groupchat", "@microbot list services");
        const Message m = w.heard();
        CHECK(m.text == "list services");
        CHECK(m.from.identity == "hipchat:1_3@chat.hipchat.test");
        w.wait(60'000);
        CHECK(has(w.sent(), " "));

        w.client->lost();
        w.connects();
        w.says(w.stream("<auth xmlns='http://hipchat.com'/>"));
        w.says("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
        CHECK(w.over().how == End::How::refused);
    }
}
