// SPDX-License-Identifier: Apache-2.0
#include "bearer.hpp"

#include <vector>

#include "../shared/text.hpp"
#include "../shared/url_encoding.hpp"

namespace microhost::auth_jwt {
namespace {

using shared::Found;

/// fn(part) for each part between separators, empty ones too.
template <class F>
void each_part(std::string_view text, char separator, F fn) {
    while (true) {
        const size_t end = text.find(separator);
        fn(text.substr(0, end));
        if (end == text.npos) return;
        text.remove_prefix(end + 1);
    }
}

bool is_parameter(std::string_view part, std::string_view name) {
    std::string key;
    return shared::percent_decode(part.substr(0, part.find('=')), true, key) && key == name;
}

/// The value of a cookie-pair of that name, or a view without data.
std::string_view pair_value(std::string_view pair, std::string_view name) {
    pair = shared::trim(pair);
    const size_t equals = pair.find('=');
    if (equals == pair.npos || shared::trim(pair.substr(0, equals)) != name) return {};
    std::string_view value = shared::trim(pair.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
    return value.data() ? value : std::string_view("");
}

Found add(Found before) { return before == Found::none ? Found::one : Found::several; }

}  // namespace

Found query_value(std::string_view query, std::string_view name, std::string& out) {
    Found found = Found::none;
    each_part(query, '&', [&](std::string_view part) {
        if (!is_parameter(part, name)) return;
        found = add(found);
        const size_t equals = part.find('=');
        if (equals == part.npos || !shared::percent_decode(part.substr(equals + 1), true, out))
            out.clear();
    });
    return found;
}

std::string without_query(std::string_view query, std::string_view name) {
    std::string out;
    each_part(query, '&', [&](std::string_view part) {
        if (is_parameter(part, name)) return;
        if (!out.empty()) out += '&';
        out += part;
    });
    return out;
}

Found cookie_value(std::string_view cookies, std::string_view name, std::string& out) {
    Found found = Found::none;
    each_part(cookies, ';', [&](std::string_view part) {
        const std::string_view value = pair_value(part, name);
        if (!value.data()) return;
        found = add(found);
        out = value;
    });
    return found;
}

std::string without_cookie(std::string_view cookies, std::string_view name) {
    std::string out;
    each_part(cookies, ';', [&](std::string_view part) {
        if (pair_value(part, name).data() || shared::trim(part).empty()) return;
        if (!out.empty()) out += "; ";
        out += shared::trim(part);
    });
    return out;
}

Found find_token(const mh::request& r, const Settings& s, std::string& out) {
    std::string_view credentials;
    const Found in_field = shared::authorization(r, "bearer", credentials);
    out = credentials;
    std::string value;
    const Found in_query = s.query.empty() ? Found::none : query_value(r.query(), s.query, value);
    if (in_field == Found::several || in_query == Found::several) return Found::several;
    if (in_field == Found::one && in_query == Found::one) return Found::several;
    if (in_field == Found::one) return Found::one;
    out = value;
    if (in_query == Found::one || s.cookie.empty()) return in_query;
    Found in_cookie = Found::none;
    for (const mh_header& h : r.headers()) {
        if (h.id != MH_H_COOKIE) continue;
        const Found here = cookie_value(shared::view(h.value), s.cookie, out);
        if (here == Found::several || (here == Found::one && in_cookie == Found::one))
            return Found::several;
        if (here == Found::one) in_cookie = here;
    }
    return in_cookie;
}

bool remove_token(mh::request& r, const Settings& s) {
    std::string_view ignored;
    if (shared::authorization(r, "bearer", ignored) != Found::none)
        r.remove_header("Authorization");
    std::string value;
    if (!s.query.empty() && query_value(r.query(), s.query, value) != Found::none) {
        const std::string path(r.path()), rest = without_query(r.query(), s.query);
        if (r.rewrite(path, rest) != MH_OK) return false;
    }
    if (s.cookie.empty()) return true;
    std::string rest;
    bool there = false;
    for (const mh_header& h : r.headers()) {
        if (h.id != MH_H_COOKIE) continue;
        there = there || cookie_value(shared::view(h.value), s.cookie, value) != Found::none;
        const std::string kept = without_cookie(shared::view(h.value), s.cookie);
        if (!rest.empty() && !kept.empty()) rest += "; ";
        rest += kept;
    }
    if (!there) return true;
    return (rest.empty() ? r.remove_header("Cookie") : r.set_header("Cookie", rest)) == MH_OK;
}

}  // namespace microhost::auth_jwt
