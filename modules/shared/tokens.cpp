// SPDX-License-Identifier: Apache-2.0
#include "tokens.hpp"

#include "secret.hpp"
#include "text.hpp"

namespace microhost::shared {
namespace {

/// Cuts the first word off.
std::string_view word(std::string_view& s) {
    s = trim(s);
    const size_t end = std::min(s.find_first_of(" \t"), s.size());
    const std::string_view out = s.substr(0, end);
    s.remove_prefix(end);
    return out;
}

Tokens::Entry entry_of(std::string_view line) {
    Tokens::Entry e;
    e.token = word(line);
    e.subject = word(line);
    for_each_item(word(line), ',', [&](std::string_view role) {
        e.roles.emplace_back(role);
        e.role = std::max(e.role, role_of(role));
    });
    if (e.subject.empty()) e.subject = "token";
    if (e.roles.empty()) {
        e.roles.emplace_back(name_of(Role::operator_));
        e.role = Role::operator_;
    }
    return e;
}

}  // namespace

Tokens::Tokens(std::string_view content) {
    for_each_item(content, '\n', [&](std::string_view line) {
        if (!line.starts_with('#') && entries_.size() < kMost) entries_.push_back(entry_of(line));
    });
}

Tokens::~Tokens() {
    for (Entry& e : entries_) wipe(e.token);
}

const Tokens::Entry* Tokens::find(std::string_view token) const {
    const Entry* found = nullptr;
    for (const Entry& e : entries_)
        if (same_secret(e.token, token)) found = &e;
    return found;
}

std::string_view bearer_token(std::string_view authorization) {
    constexpr std::string_view kScheme = "bearer ";
    if (!iequals(authorization.substr(0, kScheme.size()), kScheme)) return {};
    return trim(authorization.substr(kScheme.size()));
}

}  // namespace microhost::shared
