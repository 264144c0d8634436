// SPDX-License-Identifier: Apache-2.0
/// A server of XMPP that says what a test wants, and the client that it says it to.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "modules/bot/inputs/xmpp/client.hpp"

namespace microhost::bot::xmpp::test {

using bot::Message;
using bot::Place;
using bot::xmpp::Client;
using bot::xmpp::Element;
using bot::xmpp::End;
using bot::xmpp::Jid;
using bot::xmpp::Settings;

inline constexpr char kOps[] = "ops@rooms.example.org";

inline bool has(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

class Wire final : private Client::Owner {
  public:
    static Settings settings(bool with_room = true) {
        Settings s;
        s.account.jid = Jid::of("bot@example.org");
        s.account.user = "bot", s.account.password = "pencil-secret";
        s.nick = "microbot";
        if (with_room) s.rooms = {kOps};
        return s;
    }
    explicit Wire(Settings s = settings()) : given(std::move(s)) { renew(); }

    void renew() { client.reset(new Client(given, *this)); }

    // ---- what the server does
    std::string stream(std::string_view features) const {
        return "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
               "xmlns:stream='http://etherx.jabber.org/streams' "
               "from='example.org' id='s1' version='1.0'><stream:features>" +
               std::string(features) + "</stream:features>";
    }
    void says(std::string_view text) { client->session().receive(text); }
    void connects(bool secure = true) {
        client->session().open(secure);
        sent();
    }
    static constexpr char kPlain[] =
        "<mechanisms "
        "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>";
    static constexpr char kSuccess[] = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
    static constexpr char kFeatures[] =
        "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/>";
    void lets_in() {
        says(stream(kPlain));
        says(kSuccess);
        says(stream(kFeatures));
    }
    void binds() {
        says(
            "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
            "<jid>bot@example.org/r1</jid></bind></iq>");
    }
    /// All of it, up to a session that can be resumed.
    void logs_in() {
        connects();
        lets_in();
        binds();
        says("<enabled xmlns='urn:xmpp:sm:3' resume='true' id='sm-1'/>");
    }
    void presence(std::string_view nick, std::string_view real, std::string_view codes = "",
                  std::string_view type = "") {
        std::string out = "<presence from='" + std::string(kOps) + "/" + std::string(nick) + "'";
        if (!type.empty()) out += " type='" + std::string(type) + "'";
        out +=
            "><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' "
            "role='participant'";
        if (!real.empty()) out += " jid='" + std::string(real) + "'";
        says(out + "/>" + std::string(codes) + "</x></presence>");
    }
    static std::string code(std::string_view number) {
        return "<status code='" + std::string(number) + "'/>";
    }
    /// The session, and the room with ada in it.
    void joins() {
        logs_in();
        presence("ada", "ada@example.org/x");
        presence("microbot", "bot@example.org/r1", code("110"));
        sent();
    }
    void message(std::string_view from, std::string_view type, std::string_view body,
                 std::string_view more = "") {
        says("<message from='" + std::string(from) + "' type='" + std::string(type) + "'><body>" +
             std::string(body) + "</body>" + std::string(more) + "</message>");
    }

    // ---- what the client did
    /// Since it was asked last.
    std::string sent() { return std::exchange(bytes, {}); }
    Message heard() {
        REQUIRE(messages.size() == 1);
        Message m = std::move(messages.back());
        messages.clear();
        return m;
    }
    End over() {
        REQUIRE(ends.size() == 1);
        End e = std::move(ends.back());
        ends.clear();
        return e;
    }
    void wait(uint64_t ms) {
        for (const uint64_t until = now + ms; now < until;) {
            now += 1000;
            client->tick();
        }
    }

    Settings given;
    std::unique_ptr<Client> client;
    std::string bytes;
    std::vector<Message> messages;
    std::vector<End> ends;
    unsigned online = 0, handshakes = 0, changes = 0;
    uint64_t now = 1'000'000;
    int64_t wall = 1'700'000'000;

  private:
    uint64_t now_ms() const override { return now; }
    int64_t wall_s() const override { return wall; }
    void write(std::string_view b) override { bytes += b; }
    void start_tls() override { ++handshakes; }
    void on_message(Message m) override { messages.push_back(std::move(m)); }
    void on_online() override { ++online; }
    void on_over(const End& e) override { ends.push_back(e); }
    void on_change() override { ++changes; }
};

}  // namespace microhost::bot::xmpp::test
