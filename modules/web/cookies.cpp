// SPDX-License-Identifier: Apache-2.0
#include "cookies.hpp"

#include "../shared/text.hpp"

namespace microhost::web {
namespace {

using shared::trim;

constexpr size_t kLongestId = 128;

std::string_view name_of(std::string_view pair) {
    pair = trim(pair);
    // "=microhost=x" is a cookie without a name, which browsers send as "microhost=x".
    while (pair.starts_with('=')) pair = trim(pair.substr(1));
    return trim(pair.substr(0, pair.find('=')));
}

/// In any case: who reads cookies carelessly must not get it either.
bool ours(std::string_view name) {
    return shared::iequals(name, cookie_name(true)) || shared::iequals(name, cookie_name(false));
}

/// fn(pair) for each part of a Cookie field. Quotes count for nothing, as in browsers.
template <class F>
void each_pair(std::string_view field, F fn) {
    shared::for_each_item(field, ';', fn);
}

}  // namespace

std::string_view session_cookie(std::span<const mh_header> headers, bool tls) {
    std::string_view found;
    bool several = false;
    for (const mh_header& h : headers) {
        if (h.id != MH_H_COOKIE) continue;
        each_pair(shared::view(h.value), [&](std::string_view pair) {
            const size_t equals = pair.find('=');
            if (equals == pair.npos || trim(pair.substr(0, equals)) != cookie_name(tls)) return;
            const std::string_view id = trim(pair.substr(equals + 1));
            several = several || (!found.empty() && found != id);
            found = id;
        });
    }
    return several || found.size() > kLongestId ? std::string_view() : found;
}

bool without_ours(std::string_view field, std::string& kept) {
    bool taken = false;
    kept.clear();
    each_pair(field, [&](std::string_view pair) {
        if (ours(name_of(pair))) {
            taken = true;
            return;
        }
        if (!kept.empty()) kept += "; ";
        kept += pair;
    });
    return taken;
}

bool sets_ours(std::string_view set_cookie) {
    return ours(name_of(set_cookie.substr(0, set_cookie.find(';'))));
}

std::string set_cookie(std::string_view id, bool tls) {
    std::string out(cookie_name(tls));
    out.append("=").append(id).append("; Path=/; HttpOnly; SameSite=Strict");
    if (tls) out += "; Secure";
    if (id.empty()) out += "; Max-Age=0";
    return out;
}

}  // namespace microhost::web
