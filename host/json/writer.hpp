// SPDX-License-Identifier: Apache-2.0
/// Writer: JSON text appended to a std::string, with commas and escapes put in by itself.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "json/value.hpp"

namespace microhost::json {

struct WriteOptions {
    bool pretty = false;  ///< two spaces a level, one member a line
    /// As Go's encoding/json: < > & U+2028 U+2029 and control bytes as \u003c, for text that must
    /// be byte-equal to Micro's.
    bool go = false;
};

/// Calls must form one value (asserted): object() key() value... end(). Bytes that are not UTF-8
/// become U+FFFD. Allocates only through the string it appends to (up to 15 levels). Thread: the
/// caller's.
class Writer {
  public:
    explicit Writer(std::string& out, WriteOptions options = {}) : out_(out), options_(options) {}

    Writer& object();
    Writer& array();
    Writer& end();  ///< closes the innermost object or array
    Writer& key(std::string_view key);

    Writer& string(std::string_view v);
    Writer& int64(std::int64_t v);
    Writer& uint64(std::uint64_t v);
    Writer& number(
        double v);  ///< shortest text that reads back the same; NaN and infinities become null
    Writer& boolean(bool v);
    Writer& null();
    Writer& raw(std::string_view json);                 ///< a complete JSON value, copied as it is
    Writer& value(Value v);                             ///< a parsed value; an absent one is null
    Writer& strings(std::span<const std::string> all);  ///< an array of them

    bool complete() const { return open_.empty() && wrote_; }

  private:
    void before_value();
    void newline();

    std::string& out_;
    WriteOptions options_;
    std::string open_;  // one byte a level: '{' or '[', upper bit set once it has an element
    bool after_key_ = false;
    bool wrote_ = false;
};

/// Appends the quoted and escaped string.
void append_quoted(std::string& out, std::string_view text, bool go = false);
std::string quote(std::string_view text);
std::string to_text(Value value, bool pretty = false);

}  // namespace microhost::json
