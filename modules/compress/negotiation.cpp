// SPDX-License-Identifier: Apache-2.0
#include "negotiation.hpp"

#include <algorithm>

#include "../shared/text.hpp"

namespace microhost::compress {
namespace {

using shared::iequals;
using shared::trim;

constexpr int kFull = 1000, kUnsaid = -1;

/// "0.5" as 500; what is no weight counts as 0: nobody gets what he may not understand.
int weight(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
    int value = text[0] == '1' ? kFull : 0;
    if (text.size() == 1) return value;
    if (text[1] != '.') return 0;
    int unit = 100;
    for (const char c : text.substr(2)) {
        if (!shared::is_digit(c)) return 0;
        value += (c - '0') * unit;
        unit /= 10;
    }
    return value > kFull ? 0 : value;
}

/// The weight behind "name ; q=0.5".
int weight_of_item(std::string_view parameters) {
    int value = kFull;
    shared::for_each_item(parameters, ';', [&](std::string_view p) {
        const size_t equals = p.find('=');
        if (iequals(trim(p.substr(0, equals)), "q"))
            value = equals == p.npos ? 0 : weight(trim(p.substr(equals + 1)));
    });
    return value;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
    int gzip = kUnsaid, any = kUnsaid, identity = kUnsaid;
    shared::for_each_item(accept_encoding, ',', [&](std::string_view item) {
        const size_t semicolon = item.find(';');
        const std::string_view name = trim(item.substr(0, semicolon));
        const int q = semicolon == item.npos ? kFull : weight_of_item(item.substr(semicolon + 1));
        if (iequals(name, "gzip") || iequals(name, "x-gzip"))
            gzip = std::max(gzip, q);
        else if (name == "*")
            any = q;
        else if (iequals(name, "identity"))
            identity = q;
    });
    const int wanted = gzip != kUnsaid ? gzip : any;
    return wanted > 0 && wanted >= identity;
}

bool listed(std::string_view content_type, std::span<const std::string_view> types) {
    const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
    if (type.empty()) return false;
    const bool events = iequals(type, "text/event-stream");
    return std::any_of(types.begin(), types.end(), [&](std::string_view pattern) {
        if (iequals(pattern, type)) return true;
        if (events) return false;
        if (pattern.ends_with("/*")) {
            const size_t n = pattern.size() - 1;
            return type.size() > n && iequals(type.substr(0, n), pattern.substr(0, n));
        }
        if (!pattern.starts_with("*+")) return false;
        const size_t n = pattern.size() - 1;
        return type.size() > n && iequals(type.substr(type.size() - n), pattern.substr(1));
    });
}

bool has_token(std::string_view list, std::string_view token) {
    bool found = false;
    shared::for_each_item(list, ',',
                          [&](std::string_view item) { found = found || iequals(item, token); });
    return found;
}

std::string weak(std::string_view etag) {
    return etag.starts_with('"') ? "W/" + std::string(etag) : std::string(etag);
}

}  // namespace microhost::compress
