// SPDX-License-Identifier: Apache-2.0
#include "jid.hpp"

#include <algorithm>

#include "../../../shared/text.hpp"

namespace microhost::bot::xmpp {
namespace {

constexpr size_t kLongestPart = 1023;

bool clean(std::string_view part, std::string_view forbidden) {
    if (part.empty() || part.size() > kLongestPart) return false;
    return std::none_of(part.begin(), part.end(), [&](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f ||
               forbidden.find(c) != forbidden.npos;
    });
}

std::string lower(std::string_view s) {
    std::string out(s);
    std::transform(out.begin(), out.end(), out.begin(), shared::lower);
    return out;
}

}  // namespace

std::optional<Jid> Jid::parse(std::string_view text) {
    const size_t slash = text.find('/');  // first: a resource may have "@" and "/" in it
    const std::string_view bare = text.substr(0, slash);
    const size_t at = bare.find('@');
    Jid out;
    if (slash != text.npos) {
        if (!clean(text.substr(slash + 1), "")) return std::nullopt;
        out.resource = text.substr(slash + 1);
    }
    if (at != bare.npos) {
        if (!clean(bare.substr(0, at), " \"&':<>")) return std::nullopt;
        out.local = lower(bare.substr(0, at));
    }
    std::string_view domain = at == bare.npos ? bare : bare.substr(at + 1);
    if (domain.ends_with('.')) domain.remove_suffix(1);
    if (!clean(domain, " \"&'<>@")) return std::nullopt;
    out.domain = lower(domain);
    return out;
}

}  // namespace microhost::bot::xmpp
