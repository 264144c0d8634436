// SPDX-License-Identifier: Apache-2.0
/// Which paths a rule is for, and what their parts are called.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace microhost::router {

class PathRule {
  public:
    static PathRule any() { return {}; }
    static PathRule exact(std::string_view path);
    /// The path itself and everything below it: "/shop" is for "/shop/cart", not for "/shopping".
    static PathRule prefix(std::string_view path);
    /// "/users/{id}/files/{name}": a part stands for one segment. False with a sentence in `why`.
    static bool parse_template(std::string_view text, PathRule& out, std::string& why);

    /// Fills `parts` when the path fits: of a template its parts in order, of a prefix what is behind it, without the "/".
    bool matches(std::string_view path, std::vector<std::string_view>& parts) const;

    /// Names of the parts in that order.
    const std::vector<std::string>& names() const { return names_; }

  private:
    enum class Kind { any, exact, prefix, segments };
    Kind kind_ = Kind::any;
    std::string text_;
    std::vector<std::string> segments_;  ///< of a template; empty: a part
    std::vector<std::string> names_;
};

}  // namespace microhost::router
