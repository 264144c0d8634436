// SPDX-License-Identifier: Apache-2.0
#include "people.hpp"

#include "utf8.hpp"

namespace microhost::bot {
namespace {

constexpr size_t kLongestName = 64;
constexpr size_t kLongestKey = 256;

shared::Role role_in(std::string_view text, const std::string& where) {
    const shared::Role role = shared::role_of(text);
    if (role == shared::Role::nobody)
        throw mh::failure("\"" + std::string(text.substr(0, 60)) +
                              "\" is no role; there are viewer, operator and admin",
                          where);
    return role;
}

}  // namespace

std::string Person::subject() const {
    return !user.empty() ? user : !identity.empty() ? identity : "stranger";
}

People::People(mh::json_value users, std::string_view default_role)
    : default_(default_role.empty() ? shared::Role::nobody
                                    : role_in(default_role, "/default_role")) {
    if (!users.is_null() && users.kind() != MH_JSON_OBJECT)
        throw mh::failure(R"(users: write {"NAME": {"identities": [...], "role": "operator"}})",
                          "/users");
    for (uint32_t i = 0; i < users.count(); ++i) {
        const std::string name(users.key_at(i)), where = "/users/" + name;
        const mh::json_value user = users.at(i), list = user["identities"];
        for (uint32_t k = 0; k < user.count(); ++k)
            if (user.key_at(k) != "identities" && user.key_at(k) != "role")
                throw mh::failure("users: " + name + " has identities and role, not \"" +
                                      std::string(user.key_at(k)) + "\"",
                                  where);
        const auto role = user["role"].string();
        if (!role || list.kind() != MH_JSON_ARRAY || list.count() == 0)
            throw mh::failure("users: " + name + " needs a role and a list of identities", where);
        users_.push_back({name, role_in(*role, where + "/role")});
        for (uint32_t k = 0; k < list.count(); ++k) {
            const auto identity = list.at(k).string();
            if (!identity || identity->find(':') == identity->npos)
                throw mh::failure("users: an identity of " + name +
                                      " is no text such as xmpp:ada@example.org; \"whoami\" in "
                                      "that network says what to write",
                                  where + "/identities");
            if (!identities_.emplace(*identity, users_.size() - 1).second)
                throw mh::failure(
                    "users: " + std::string(*identity) + " is named twice; it is one person",
                    where + "/identities");
        }
    }
}

Person People::who(std::string_view input, const Message& m) const {
    Person out;
    out.identity = m.from.identity;
    out.name = one_line(m.from.name, kLongestName);
    out.role = default_;
    const auto found = identities_.find(out.identity);
    if (!out.identity.empty() && found != identities_.end()) {
        out.user = users_[found->second].name;
        out.role = users_[found->second].role;
        out.key = "u:" + out.user;
    } else if (!out.identity.empty()) {
        out.key = "i:" + out.identity;
    } else {
        out.key = "p:" + std::string(input) + ":" + m.place.room + ":" + m.place.peer;
    }
    out.key.resize(std::min(out.key.size(), kLongestKey));
    return out;
}

bool People::knows(std::string_view user) const {
    for (const User& u : users_)
        if (u.name == user) return true;
    return false;
}

}  // namespace microhost::bot
