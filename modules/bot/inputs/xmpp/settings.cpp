// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <microhost/config_reader.hpp>

#include <algorithm>

#include "../../../shared/text.hpp"

namespace microhost::bot::xmpp {
namespace {

bool has_port(std::string_view address) {
    const size_t colon = address.rfind(':');
    return colon != address.npos && address.find(']', colon) == address.npos &&
           (address[0] == '[' || address.find(':') == colon);
}

void one_password(const Settings& s, const std::string& option) {
    if (s.account.password.empty() == s.password_file.empty())
        throw mh::failure("give one of " + option + " and " + option + "_file", "/" + option);
}

}  // namespace

Settings Settings::xmpp(const mh_config* config) {
    const mh::config_reader from(config);
    Settings s;
    std::string jid, tls = "starttls";
    from.read("xmpp_jid", jid), from.read("xmpp_tls", tls), from.read("xmpp_server", s.server);
    from.read("xmpp_password", s.account.password),
        from.read("xmpp_password_file", s.password_file);
    from.read("xmpp_ca_file", s.ca_file), from.read("xmpp_rooms", s.rooms),
        from.read("xmpp_nick", s.nick);
    from.read("xmpp_accept_invites", s.inviters), from.read("xmpp_keepalive", s.account.keep_alive);
    const auto parsed = Jid::parse(jid);
    if (!parsed || parsed->local.empty())
        throw mh::failure("xmpp_jid: " +
                              (jid.empty() ? "an address is required"
                                           : "\"" + jid.substr(0, 60) + "\" is no address") +
                              ", such as bot@example.org",
                          "/xmpp_jid");
    one_password(s, "xmpp_password");
    s.account.jid = parsed->with_resource("");
    s.account.user = parsed->local;
    s.account.resource = parsed->resource;
    for (const std::string& who : s.inviters)
        if (who != "*" && Jid::of(who).empty())
            throw mh::failure("xmpp_accept_invites: \"" + who.substr(0, 60) +
                                  "\" is neither an address, a domain nor *",
                              "/xmpp_accept_invites");
    s.direct_tls = tls == "direct";
    if (s.nick.empty()) s.nick = parsed->local;
    return s;
}

Settings Settings::hipchat(const mh_config* config) {
    const mh::config_reader from(config);
    Settings s;
    s.name = "hipchat";
    s.server = "chat.hipchat.com";
    from.read("hipchat_username", s.account.user), from.read("hipchat_server", s.server);
    from.read("hipchat_password", s.account.password),
        from.read("hipchat_password_file", s.password_file);
    from.read("hipchat_debug", s.debug), from.read("hipchat_ca_file", s.ca_file);
    from.read("hipchat_rooms", s.rooms);
    if (s.account.user.empty())
        throw mh::failure("hipchat_username: an e-mail address is required", "/hipchat_username");
    one_password(s, "hipchat_password");
    const std::string host =
        s.server.substr(0, has_port(s.server) ? s.server.rfind(':') : s.server.npos);
    const auto domain = Jid::parse(host);
    if (!domain || !domain->local.empty())
        throw mh::failure("hipchat_server: \"" + s.server.substr(0, 60) + "\" is no server",
                          "/hipchat_server");
    s.account.jid = *domain;
    s.account.hipchat = s.account.keep_alive = true;
    s.account.resource = "bot";  // the server sends a bot no history
    s.inviters = {"*"};          // the server is the company's own
    return s;
}

std::string Settings::fallback_address() const {
    const std::string host = server.empty() ? account.jid.domain : server;
    return has_port(host) ? host : host + (direct_tls ? ":5223" : ":5222");
}

bool Settings::may_invite(const Jid& who) const {
    return std::any_of(inviters.begin(), inviters.end(), [&](const std::string& entry) {
        if (entry == "*") return true;
        const Jid known = Jid::of(entry);
        return known.local.empty() ? !known.empty() && known.domain == who.domain
                                   : known.same_account(who);
    });
}

}  // namespace microhost::bot::xmpp
