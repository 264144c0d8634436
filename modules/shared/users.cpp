// SPDX-License-Identifier: Apache-2.0
#include "users.hpp"

#include "json_writer.hpp"
#include "password_hash.hpp"
#include "role.hpp"
#include "text.hpp"

namespace microhost::shared {
namespace {

constexpr size_t kLongestName = 255;

/// fn(line, its number) for each line that says something.
template <class F>
void each_line(std::string_view text, F fn) {
    size_t number = 0;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        const std::string_view line = trim(text.substr(0, end));
        ++number;
        if (!line.empty() && line.front() != '#') fn(line, number);
        if (end == text.npos) return;
        text.remove_prefix(end + 1);
    }
}

[[noreturn]] void damaged(size_t line, std::string_view what) {
    throw Damage("line " + std::to_string(line) + ": " + std::string(what));
}

bool has_control_bytes(std::string_view s) {
    for (const char c : s) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
    }
    return false;
}

void add_once(std::vector<std::string>& roles, std::string_view role) {
    for (const std::string& r : roles) {
        if (r == role) return;
    }
    roles.emplace_back(role);
}

/// What follows the hash: all of it roles of the host, or none of it.
void add_roles(std::string_view part, std::vector<std::string>& roles) {
    part = part.substr(0, part.find(':'));
    bool good = true;
    for_each_item(part, ',',
                  [&](std::string_view r) { good = good && role_of(r) != Role::nobody; });
    if (good) for_each_item(part, ',', [&](std::string_view r) { add_once(roles, r); });
}

std::string in_quotes(std::string_view s) { return "\"" + std::string(s) + "\""; }

}  // namespace

void read_groups(std::string_view text, Roles& roles) {
    each_line(text, [&](std::string_view line, size_t number) {
        const size_t colon = line.find(':');
        const std::string role(trim(line.substr(0, colon)));
        if (colon == line.npos || role.empty() || has_control_bytes(role))
            damaged(number, "it is no ROLE: USER USER ...");
        for_each_item(line.substr(colon + 1), ' ',
                      [&](std::string_view user) { add_once(roles[std::string(user)], role); });
    });
}

Users::Users(std::string_view htpasswd, const Roles& roles) {
    each_line(htpasswd, [&](std::string_view line, size_t number) {
        const size_t colon = line.find(':');
        const std::string_view name = line.substr(0, colon);
        if (colon == line.npos) damaged(number, "it is no USER:HASH");
        if (name.empty()) damaged(number, "the name of the user is empty");
        if (name.size() > kLongestName || has_control_bytes(line) || !is_utf8(name))
            damaged(number, "the name of the user is too long or no text");
        const std::string_view rest = line.substr(colon + 1);
        User u{std::string(name), std::string(rest.substr(0, rest.find(':'))), {}};
        if (by_name_.contains(u.name)) damaged(number, in_quotes(name) + " is there twice");
        if (u.hash.empty()) damaged(number, in_quotes(name) + " has no hash");
        const HashKind kind = kind_of(u.hash);
        if (!kind.usable) {
            problems_.push_back("user " + in_quotes(name) + " (line " + std::to_string(number) +
                                "): " + std::string(kind.name) + " " + std::string(kind.why));
            u.hash.clear();
        }
        if (const auto r = roles.find(u.name); r != roles.end()) u.roles = r->second;
        if (const size_t end = rest.find(':'); end != rest.npos)
            add_roles(rest.substr(end + 1), u.roles);
        by_name_.emplace(u.name, std::move(u));
    });
    choose_dummy();
}

// The algorithm and cost that most people have: who asks for nobody takes as long as they do.
void Users::choose_dummy() {
    std::map<std::string_view, std::pair<size_t, const User*>> kinds;
    size_t most = 0;
    for (const auto& [name, user] : by_name_) {
        if (user.hash.empty()) continue;
        auto& [count, first] = kinds[kind_of(user.hash).setting];
        if (!first) first = &user;
        if (++count > most) most = count, dummy_ = dummy_like(first->hash);
    }
    // Nobody can log in: as slow as htpasswd -B makes them, so that this does not show either.
    if (dummy_.empty()) dummy_ = "$2y$05$" + std::string(53, '.');
}

const Users::User* Users::find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() || found->second.hash.empty() ? nullptr : &found->second;
}

}  // namespace microhost::shared
