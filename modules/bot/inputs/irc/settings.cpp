// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <microhost/config_reader.hpp>

#include <algorithm>

#include "line.hpp"

namespace microhost::bot::irc {
namespace {

[[noreturn]] void wrong(const char* pointer, const std::string& text) {
    throw mh::failure(std::string(pointer + 1) + ": " + text, pointer);
}

/// "host", "host:port", "[::1]:port" and "unix:/path".
void split_address(Settings& s) {
    if (s.server.empty()) wrong("/irc_server", "say where the server is: HOST or HOST:PORT");
    if (s.server.starts_with("unix:")) return;
    const size_t bracket = s.server.starts_with('[') ? s.server.find(']') : std::string::npos;
    const size_t colon = s.server.find(':', bracket == std::string::npos ? 0 : bracket);
    const bool plain = bracket == std::string::npos;
    s.host = plain ? s.server.substr(0, colon) : s.server.substr(1, bracket - 1);
    if (colon == std::string::npos) s.server += s.tls ? ":6697" : ":6667";
    const std::string port = s.server.substr(s.server.rfind(':') + 1);
    const bool number = !port.empty() && port.size() <= 5 &&
                        port.find_first_not_of("0123456789") == std::string::npos;
    const bool one = !plain || s.host.size() + 1 + port.size() == s.server.size();
    if (s.host.empty() || !number || !one || !is_word(s.server))
        wrong("/irc_server", "\"" + s.server.substr(0, 80) + "\" is no HOST:PORT");
}

bool on_this_machine(const Settings& s) {
    return s.host.empty() || s.host == "localhost" || s.host == "::1" ||
           (s.host.starts_with("127.") &&
            s.host.find_first_not_of("0123456789.") == std::string::npos);
}

void choose_sasl(Settings& s) {
    constexpr const char* kKnown[] = {"", "plain", "external", "scram-sha-256", "none"};
    if (std::find(std::begin(kKnown), std::end(kKnown), s.sasl) == std::end(kKnown))
        wrong("/irc_sasl", "must be plain, external, scram-sha-256 or none");
    const bool password = !s.account_password.empty() || !s.account_password_file.empty();
    if (s.sasl.empty() && !password) s.sasl = s.cert_file.empty() ? "none" : "external";
    if (s.sasl == "external" && (s.cert_file.empty() || !s.tls))
        wrong("/irc_sasl", "external needs irc_tls and irc_cert_file");
    const bool words = s.sasl != "none" && s.sasl != "external";
    if (words && (s.account.empty() || !password))
        wrong("/irc_account", "give irc_account and irc_account_password, or irc_sasl none");
    const bool in_the_clear =
        s.sasl.empty() || s.sasl == "plain" || !s.password.empty() || !s.password_file.empty();
    if (s.tls || !in_the_clear) return;
    if (!s.insecure)
        wrong(
            "/irc_tls",
            "without TLS everybody on the way reads the password; set irc_tls, or irc_insecure for "
            "a server on this machine");
    if (!on_this_machine(s))
        wrong("/irc_insecure", "only for a server on this machine; set irc_tls");
}

}  // namespace

void Settings::check() {
    split_address(*this);
    if (!is_word(nick) || nick.size() > 64 || nick.find_first_of("!@,#&*?") != nick.npos ||
        (nick[0] >= '0' && nick[0] <= '9') || nick[0] == '-')
        wrong("/irc_nick", "\"" + nick.substr(0, 60) + "\" can be no nick");
    if (!is_word(user) || user.find('@') != user.npos) wrong("/irc_user", "must be one word");
    if (!password.empty() && !password_file.empty())
        wrong("/irc_password_file", "give one of irc_password and irc_password_file");
    if (!account_password.empty() && !account_password_file.empty())
        wrong("/irc_account_password_file",
              "give one of irc_account_password and irc_account_password_file");
    choose_sasl(*this);
    if (burst < 1 || burst > 100) wrong("/irc_burst", "must be from 1 to 100");
    if (pause < ms(0) || pause > ms(60'000)) wrong("/irc_pause", "must be from 0s to 60s");
}

Settings Settings::read(const mh_config* config) {
    const mh::config_reader from(config);
    Settings s;
    from.read("irc_server", s.server), from.read("irc_tls", s.tls);
    from.read("irc_insecure", s.insecure), from.read("irc_ca_file", s.ca_file);
    from.read("irc_cert_file", s.cert_file), from.read("irc_key_file", s.key_file);
    from.read("irc_nick", s.nick), from.read("irc_user", s.user);
    from.read("irc_password", s.password), from.read("irc_password_file", s.password_file);
    from.read("irc_sasl", s.sasl), from.read("irc_account", s.account);
    from.read("irc_account_password", s.account_password);
    from.read("irc_account_password_file", s.account_password_file);
    from.read("irc_channels", s.channels), from.read("irc_burst", s.burst);
    from.read("irc_pause", s.pause);
    s.check();
    return s;
}

}  // namespace microhost::bot::irc
