// SPDX-License-Identifier: Apache-2.0
/// Writes JSON text piece by piece; strings are escaped as Go's encoding/json does, so that error bodies match Micro's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace microhost::shared {

/// Appends a quoted string: <, >, &, control bytes, U+2028 and U+2029 are escaped, bytes that are no UTF-8 become \ufffd.
void append_json_string(std::string& out, std::string_view text);

bool is_utf8(std::string_view text);

/// True for exactly one JSON number (RFC 8259 section 6).
bool is_json_number(std::string_view text);

/// Commas are its business; balance is the caller's.
class JsonWriter {
  public:
    explicit JsonWriter(std::string& out) : out_(out) {}

    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);
    JsonWriter& string(std::string_view text);
    JsonWriter& integer(int64_t value);
    JsonWriter& boolean(bool value);
    /// Text that is JSON already.
    JsonWriter& raw(std::string_view json);

  private:
    void separate();
    JsonWriter& open(char c);
    JsonWriter& close(char c);

    std::string& out_;
    bool comma_ = false;
};

}  // namespace microhost::shared
