// SPDX-License-Identifier: Apache-2.0
/// The arguments of one call of a command: checked against its definition, with defaults filled in.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command/definition.hpp"

namespace microhost::command {

/// Name and text as given, in order.
using Given = std::vector<std::pair<std::string, std::string>>;

struct Value {
    std::string name;  ///< as the definition spells it
    int32_t type = MH_TYPE_TEXT;
    std::string text;
    int64_t integer = 0;  ///< integer, bool, duration, size, time
    double number = 0;    ///< integer, number
};

class Values {
  public:
    /// Each error is one line that names the argument and says what would be right.
    static Result<Values> check(const Definition& d, const Given& given);

    /// The i-th of that name, or null.
    const Value* find(std::string_view name, size_t i = 0) const;
    /// Text of the first one, or empty.
    std::string_view text(std::string_view name) const;
    const std::vector<Value>& all() const { return all_; }

  private:
    std::vector<Value> all_;
};

/// The members of {"args": {...}} as text. Arrays are repeated arguments, unless the argument takes JSON.
Result<Given> given_in(const Definition& d, json::Value args);

}  // namespace microhost::command
