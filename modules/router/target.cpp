// SPDX-License-Identifier: Apache-2.0
#include "target.hpp"

#include <algorithm>

namespace microhost::router {
namespace {

bool is_address_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == ':' || c == '[' || c == ']';
}

bool has_port(std::string_view authority) {
    const size_t colon = authority.rfind(':');
    return colon != authority.npos && authority.find(']', colon) == authority.npos;
}

}  // namespace

int named(std::string_view name, const std::vector<std::string>& parts) {
    const auto found = std::find(parts.begin(), parts.end(), name);
    if (found != parts.end()) return kFirstPart + static_cast<int>(found - parts.begin());
    if (name == "path") return kPath;
    if (name == "query") return kQuery;
    if (name == "host") return kHost;
    return -1;
}

bool parse_url(std::string_view url, Target& out) {
    if (url.starts_with("unix:/")) {
        out.address = url;
        return true;
    }
    out.tls = url.starts_with("https://");
    if (!out.tls && !url.starts_with("http://")) return false;
    url.remove_prefix(out.tls ? 8 : 7);
    const size_t slash = url.find('/');
    const std::string_view authority = url.substr(0, slash);
    if (authority.empty() || !std::all_of(authority.begin(), authority.end(), is_address_char))
        return false;
    out.address = authority;
    if (!has_port(authority)) out.address += out.tls ? ":443" : ":80";
    out.base = slash == url.npos ? std::string_view{} : url.substr(slash);
    if (out.base.find_first_of("?# \\") != out.base.npos) return false;
    if (out.base.ends_with('/')) out.base.pop_back();
    return true;
}

std::string_view Values::operator()(int id) const {
    switch (id) {
        case kPath: return path;
        case kQuery: return query;
        case kHost: return host;
        default: break;
    }
    const auto at = static_cast<size_t>(id - kFirstPart);
    return at < parts->size() ? (*parts)[at] : std::string_view();
}

std::string expanded(const Target& t, const Values& v) {
    std::string room, out;
    for (const char c : t.text.fill(v, room)) {
        if (c == '\\')
            out += "%5C";
        else
            out += c;
    }
    return out;
}

}  // namespace microhost::router
