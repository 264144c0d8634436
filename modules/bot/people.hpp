// SPDX-License-Identifier: Apache-2.0
/// Who speaks: one person over all networks, known by what the networks vouch for.
#pragma once

#include <microhost/json.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "../shared/role.hpp"
#include "message.hpp"

namespace microhost::bot {

struct Person {
    std::string key;   ///< the same for all that one person says: queues and budgets go by it
    std::string user;  ///< of the config; empty: a stranger
    std::string identity;
    std::string name;  ///< as people see it, on one line
    shared::Role role = shared::Role::nobody;

    /// For logs and principals: the user, the identity, or "stranger".
    std::string subject() const;
};

/// Made of the module's options `users` and `default_role`.
class People {
  public:
    People() = default;
    /// Throws mh::failure.
    People(mh::json_value users, std::string_view default_role);

    /// Who is not among the users is a stranger with the default role, whatever the name. `input` keeps apart strangers whom
    /// their networks do not vouch for.
    Person who(std::string_view input, const Message& m) const;
    bool knows(std::string_view user) const;

  private:
    struct User {
        std::string name;
        shared::Role role;
    };
    std::vector<User> users_;
    std::map<std::string, size_t, std::less<>> identities_;
    shared::Role default_ = shared::Role::nobody;
};

}  // namespace microhost::bot
