// SPDX-License-Identifier: Apache-2.0
/// One path of an endpoint's metadata: a POSIX extended regular expression, searched as Micro does (unanchored), or a template
/// like "/v1/{name}" that must match the whole path and gives its parameters to the request. Patterns without special characters need no regex engine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct re_pattern_buffer;  // regex_t of <regex.h>, kept out of this header

namespace microhost::api {

class PathPattern {
  public:
    /// Matches every path.
    PathPattern() = default;

    /// Empty pointer and a reason in `why` for a pattern that does not compile or is over the bounds.
    static std::unique_ptr<PathPattern> compile(std::string_view text, std::string& why);

    bool matches(std::string_view path) const;
    bool has_parameters() const { return !names_.empty(); }
    /// What the parameters of a template are in a path that it matches, as a form: "id=7", "{a.b}" as "a[b]=7". Empty for
    /// another path.
    std::string parameters(std::string_view path) const;
    /// Letters of the pattern that stand for themselves: the measure of how specific it is.
    uint32_t literal_length() const { return literal_length_; }
    bool anchored() const { return at_start_ && at_end_; }
    const std::string& text() const { return text_; }
    /// The path for people and OpenAPI: a template or a plain path; empty for other expressions.
    std::string display() const;

  private:
    struct Free {
        void operator()(re_pattern_buffer* p) const;
    };

    bool compile_template(std::string& why);
    bool compile_regex(const std::string& expression, int flags, std::string& why);

    std::string text_;
    std::string literal_;
    std::vector<std::string> names_;  ///< of a template's parameters: keys of a form, encoded
    std::unique_ptr<re_pattern_buffer, Free> regex_;
    uint32_t literal_length_ = 0;
    bool at_start_ = false;
    bool at_end_ = false;
    bool template_ = false;
};

}  // namespace microhost::api
