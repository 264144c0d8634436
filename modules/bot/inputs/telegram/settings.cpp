// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <microhost/config_reader.hpp>

#include <algorithm>

#include "../../../shared/text.hpp"

namespace microhost::bot::telegram {
namespace {

constexpr size_t kLongestToken = 128;

[[noreturn]] void wrong(const char* pointer, const std::string& text) {
    throw mh::failure(std::string(pointer + 1) + ": " + text, pointer);
}

bool on_this_machine(const std::string& host) {
    return host == "localhost" || host == "::1" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

}  // namespace

bool is_token(std::string_view token) {
    const size_t colon = token.find(':');
    const auto fits = [](char c) { return shared::is_alnum(c) || c == '-' || c == '_'; };
    return colon != token.npos && colon > 0 && colon + 1 < token.size() &&
           token.size() <= kLongestToken &&
           std::all_of(token.begin(), token.begin() + static_cast<ptrdiff_t>(colon),
                       shared::is_digit) &&
           std::all_of(token.begin() + static_cast<ptrdiff_t>(colon) + 1, token.end(), fits);
}

bool Settings::listens_to(std::string_view user_name, std::string_view id) const {
    return whitelist.empty() ||
           std::any_of(whitelist.begin(), whitelist.end(), [&](std::string_view w) {
               if (w.starts_with('@')) w.remove_prefix(1);
               return w == id || (!user_name.empty() && shared::iequals(w, user_name));
           });
}

void Settings::check() {
    if (token.empty() == token_file.empty())
        wrong("/telegram_token", "give telegram_token or telegram_token_file: BotFather has it");
    // Not what it is: it is a secret.
    if (!token.empty() && !is_token(token)) wrong("/telegram_token", "it is none: NUMBER:LETTERS");
    const auto url = mh::url::parse(api);
    if (!url || url->target.find('?') != std::string::npos)
        wrong("/telegram_api", "\"" + api.substr(0, 80) + "\" is no https://HOST");
    where = *url;
    if (!where.tls && !on_this_machine(where.host))
        wrong("/telegram_api", "the token would go in the clear; write https://");
    while (where.target.ends_with('/')) where.target.pop_back();
}

Settings Settings::read(const mh_config* config) {
    const mh::config_reader from(config);
    Settings s;
    from.read("telegram_token", s.token), from.read("telegram_token_file", s.token_file);
    from.read("telegram_whitelist", s.whitelist), from.read("telegram_api", s.api);
    from.read("telegram_ca_file", s.ca_file), from.read("telegram_debug", s.debug);
    s.check();
    return s;
}

}  // namespace microhost::bot::telegram
