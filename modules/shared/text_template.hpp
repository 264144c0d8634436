// SPDX-License-Identifier: Apache-2.0
/// Text with variables, as an operator writes it: "id=${request_id}". "$$" is a dollar.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::shared {

class TextTemplate {
  public:
    /// `id_of` gives a variable's number, negative for an unknown one. False with a sentence in `why` for such a one, for a "${"
    /// that does not end, and for control bytes.
    bool parse(std::string_view text, const std::function<int(std::string_view)>& id_of,
               std::string& why);

    /// The text, with what `of` says for each variable; in `room`, unless it is constant.
    std::string_view fill(const std::function<std::string_view(int)>& of, std::string& room) const;

    /// Whether it has variables, and all of them are empty now.
    bool says_nothing(const std::function<std::string_view(int)>& of) const;

  private:
    struct Piece {
        std::string text;  ///< in front of the variable
        int variable;
    };
    std::vector<Piece> pieces_;
    std::string rest_;  ///< behind the last variable
};

}  // namespace microhost::shared
