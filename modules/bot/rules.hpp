// SPDX-License-Identifier: Apache-2.0
/// Who may run what, as the operator writes it: the first rule that fits decides, and without one the role.
#pragma once

#include <microhost/json.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "people.hpp"

namespace microhost::bot {

/// What is asked for, and where.
struct Asked {
    std::string_view command;  ///< its whole name: "deregister service"
    shared::Role needs = shared::Role::nobody;
    std::string_view input, room;  ///< no room: a direct conversation
};

struct Decision {
    bool allowed = false;
    /// What whoever asks counts as while it runs: their own, or what a rule lends.
    shared::Role role = shared::Role::nobody;
    std::string why;  ///< not: one sentence
};

class Rules {
  public:
    Rules() = default;
    /// Throws mh::failure.
    Rules(mh::json_value rules, const People& people);

    Decision decide(const Person& who, const Asked& asked) const;

  private:
    using Patterns = std::vector<std::string>;
    struct Rule {
        Patterns commands, users, roles, rooms, inputs;
        bool allow = false;
    };
    static bool fits(const Rule& rule, const Person& who, const Asked& asked);
    std::vector<Rule> rules_;
};

}  // namespace microhost::bot
