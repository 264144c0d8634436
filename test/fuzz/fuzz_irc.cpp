// SPDX-License-Identifier: Apache-2.0
// What a server of IRC sends, of any bytes in any pieces: no crash, what the bot writes is whole lines of at most 512 bytes, and a
// line that somebody in the chat chose never becomes two.
#include <microhost/host.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "module/abi/tables.hpp"
#include "modules/bot/inputs/irc/session.hpp"
#include "modules/shared/json_writer.hpp"

using namespace microhost;
using namespace microhost::bot;
using namespace microhost::bot::irc;

namespace {

constexpr std::string_view kWelcome =
    ":s CAP * LS :account-tag message-tags server-time account-notify extended-join\r\n"
    ":s CAP * ACK :message-tags server-time account-notify extended-join\r\n"
    ":s 001 microbot :hi\r\n:s 005 microbot NETWORK=Net WHOX BOT=B :are supported\r\n"
    ":s 422 microbot :no motd\r\n:microbot!m@h JOIN #ops\r\n";

void require(bool good) {
    if (!good) std::abort();
}

void check_line(std::string_view line) {
    require(line.size() <= kLongestLine && line.ends_with("\r\n"));
    require(line.find_first_of(std::string_view("\r\n\0", 3)) == line.size() - 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    mh::the_table<mh_json> = &module::kJsonTable;
    std::string_view text(reinterpret_cast<const char*>(bytes), size);
    if (text.empty()) return 0;
    const unsigned mode = bytes[0];
    text.remove_prefix(1);
    Settings settings;
    settings.host = "h", settings.channels = {"#ops", "#dev key"};
    settings.sasl = mode & 1 ? "plain" : "none";
    settings.account = "bot", settings.account_password = "word";
    ms now(1000);
    Session* self = nullptr;
    Session session(settings,
                    {check_line,
                     [&](const Message& m) {
                         require(shared::is_utf8(m.text) && shared::is_utf8(m.from.name));
                         require(m.from.identity.empty() || m.from.identity.starts_with("irc:"));
                         self->say(m.place, m.text, now);
                     },
                     [] {}, [](const End& e) { require(e.why.find('\n') == std::string::npos); }});
    self = &session;
    session.open(now);
    if (!(mode & 1)) session.take(kWelcome, now);
    const std::size_t step = mode & 2 ? 1 + (mode >> 2) : std::max<std::size_t>(text.size(), 1);
    for (std::size_t i = 0; i < text.size(); i += step) {
        session.take(text.substr(i, step), now);
        now += ms(500);
        session.tick(now);
    }
    const std::string state = session.save();
    if (session.online()) require(session.load(state, now));
    return 0;
}
