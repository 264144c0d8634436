// SPDX-License-Identifier: Apache-2.0
#include "rules.hpp"

#include <algorithm>

#include "glob.hpp"

namespace microhost::bot {
namespace {

std::vector<std::string> texts(mh::json_value list, std::string_view key,
                               const std::string& where) {
    std::vector<std::string> out;
    bool clean = list.kind() == MH_JSON_ARRAY && list.count() > 0;
    for (uint32_t i = 0; i < list.count(); ++i) {
        const auto text = list.at(i).string();
        clean = clean && text && !text->empty();
        if (clean) out.emplace_back(*text);
    }
    if (!clean)
        throw mh::failure("rules: " + std::string(key) +
                              " is a list of texts that is not empty; leave it out where anything "
                              "may stand",
                          where + "/" + std::string(key));
    return out;
}

/// A rule that does not name any fits all.
bool any_of(const std::vector<std::string>& patterns, std::string_view text) {
    return patterns.empty() || std::ranges::any_of(patterns, [&](const std::string& p) {
               return matches_glob(p, text);
           });
}

}  // namespace

Rules::Rules(mh::json_value rules, const People& people) {
    if (!rules.is_null() && rules.kind() != MH_JSON_ARRAY)
        throw mh::failure("rules: write a list of objects", "/rules");
    for (uint32_t i = 0; i < rules.count(); ++i) {
        const mh::json_value from = rules.at(i);
        const std::string where = "/rules/" + std::to_string(i);
        Rule rule;
        for (uint32_t k = 0; k < from.count(); ++k) {
            const std::string_view key = from.key_at(k);
            Patterns* const to = key == "commands" ? &rule.commands
                                 : key == "users"  ? &rule.users
                                 : key == "roles"  ? &rule.roles
                                 : key == "rooms"  ? &rule.rooms
                                 : key == "inputs" ? &rule.inputs
                                                   : nullptr;
            if (to)
                *to = texts(from.at(k), key, where);
            else if (key != "allow")
                throw mh::failure(
                    "rules: a rule has commands, users, roles, rooms, inputs and "
                    "allow, not \"" +
                        std::string(key.substr(0, 60)) + "\"",
                    where);
        }
        const auto allow = from["allow"].boolean();
        if (from.kind() != MH_JSON_OBJECT || !allow)
            throw mh::failure("rules: each rule says \"allow\": true or false", where);
        rule.allow = *allow;
        for (const std::string& user : rule.users)
            if (user.find('*') == user.npos && !people.knows(user))
                throw mh::failure("rules: there is no user " + user + " in users", where);
        for (const std::string& role : rule.roles)
            if (role != "nobody" && shared::role_of(role) == shared::Role::nobody)
                throw mh::failure(
                    "rules: \"" + role + "\" is no role; there are viewer, operator and admin",
                    where);
        rules_.push_back(std::move(rule));
    }
}

bool Rules::fits(const Rule& rule, const Person& who, const Asked& asked) {
    // Whom nobody vouches for is no user, whatever the pattern.
    return any_of(rule.commands, asked.command) && any_of(rule.inputs, asked.input) &&
           any_of(rule.rooms, asked.room) && (rule.rooms.empty() || !asked.room.empty()) &&
           any_of(rule.roles, shared::name_of(who.role)) &&
           (rule.users.empty() || (!who.user.empty() && any_of(rule.users, who.user)));
}

Decision Rules::decide(const Person& who, const Asked& asked) const {
    const bool by_role = who.role >= asked.needs;
    for (const Rule& rule : rules_) {
        if (!fits(rule, who, asked)) continue;
        if (!rule.allow) return {false, {}, "a rule forbids it here"};
        // A rule lends a role to users only: a name in a chat is anybody's.
        if (!by_role && who.user.empty()) break;
        return {true, std::max(who.role, asked.needs), {}};
    }
    if (by_role) return {true, who.role, {}};
    std::string why = "it needs the role " + std::string(shared::name_of(asked.needs)) + "; ";
    if (who.identity.empty())
        return {false, {}, why + "this network does not vouch for who you are"};
    return {false, {}, why + "yours is " + std::string(shared::name_of(who.role))};
}

}  // namespace microhost::bot
