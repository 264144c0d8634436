// SPDX-License-Identifier: Apache-2.0
// What a server of XMPP says, of any bytes in any pieces: no crash, only XML is answered, nobody is vouched for whom the room does not
// name, and another generation gets the whole state.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "modules/bot/inputs/xmpp/client.hpp"

using namespace microhost::bot;
using namespace microhost::bot::xmpp;

namespace {

constexpr char kOpen[] =
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' "
    "version='1.0'>";
constexpr char kPlain[] =
    "<stream:features><mechanisms "
    "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
    "</mechanisms></stream:features>";
constexpr char kBind[] =
    "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/>"
    "</stream:features>";
constexpr char kBound[] =
    "<iq type='result' id='bind'><bind "
    "xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>bot@a.example/r"
    "</jid></bind></iq><enabled xmlns='urn:xmpp:sm:3' resume='true' id='i'/>";

void require(bool good) {
    if (!good) std::abort();
}

struct Bot final : Client::Owner {
    Bot() {
        Settings s;
        s.account.jid = Jid::of("bot@a.example");
        s.account.user = "bot", s.account.password = "the-password";
        s.nick = "bot", s.rooms = {"ops@rooms.a.example"}, s.inviters = {"*"};
        client = std::make_unique<Client>(s, *this);
    }
    void says(std::string_view bytes) { client->session().receive(bytes); }
    uint64_t now_ms() const override { return now; }
    int64_t wall_s() const override { return 1'700'000'000; }
    void write(std::string_view bytes) override { written += bytes; }
    void start_tls() override {}
    void on_message(Message m) override {
        require(m.from.identity.empty() || m.from.identity.starts_with("xmpp:"));
        require(m.from.identity != "xmpp:bot@a.example");
        if (client->waiting() < 20) client->send(m.place, m.text);
    }
    void on_online() override {}
    void on_over(const End& end) override {
        require(!end.text.empty() && end.text.find('\n') == end.text.npos &&
                end.text.size() < 1000);
    }
    void on_change() override {}

    uint64_t now = 1'000'000;
    std::string written;
    std::unique_ptr<Client> client;
};

struct Server final : Parser::Sink {
    void on_header(const Element&) override {}
    void on_stanza(Element) override {}
    void on_end() override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    Bot bot;
    bot.client->session().open(true);
    bot.says(std::string(kOpen) + kPlain);
    bot.says("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    bot.says(std::string(kOpen) + kBind);
    bot.says(kBound);
    require(bot.client->session().online());
    bot.written.clear();
    const std::size_t step = size ? bytes[0] % 64 + 1 : 1;
    for (std::size_t at = 0; at < size; at += step) {
        bot.says(text.substr(at, step));
        bot.now += 500;
        bot.client->tick();
    }
    Server server;
    Parser read(server);
    require(read.feed(kOpen) &&
            (read.feed(bot.written) || read.why().find("more than") != std::string::npos));

    const bool online = bot.client->session().online();
    const std::string state = bot.client->state(online).xml();
    Element carried;
    Bot next;
    require(read_element(state, carried));
    require(next.client->restore(carried, online));
    require(next.client->session().online() == online);
    return 0;
}
