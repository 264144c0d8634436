// SPDX-License-Identifier: Apache-2.0
/// The value of a field as the operator writes it: text with variables, "id=${request_id}".
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::headers {

enum class Variable : uint8_t { none, client_ip, request_id, host, method, path, scheme, principal };

class Value {
  public:
    /// "$$" is a dollar. False with a sentence in `why` for an unknown variable, a "${" that does not end, control bytes.
    bool parse(std::string_view text, std::string& why);

    /// The text, with what `of` says for each variable. Empty when there are variables and all of them are.
    std::string_view fill(const std::function<std::string_view(Variable)>& of,
                          std::string& room) const;

  private:
    struct Piece {
        std::string text;  ///< in front of the variable
        Variable variable = Variable::none;
    };
    std::vector<Piece> pieces_;
    std::string constant_;  ///< the whole, when there is no variable
};

}  // namespace microhost::headers
