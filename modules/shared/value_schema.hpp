// SPDX-License-Identifier: Apache-2.0
/// Micro's Value ({"name","type","values":[...]}), the schema of a message in the registry.
#pragma once

#include <microhost/draft/json.h>

#include <string_view>

namespace microhost::shared {

enum class FieldKind { unknown, text, bytes, integer, number, boolean, object };

/// Type names of Go ("int64", "[]string") and the usual ones of other languages ("integer", "double").
FieldKind field_kind(std::string_view type);

/// A view; absent (no json, no value) is a valid state that knows nothing.
class ValueSchema {
  public:
    ValueSchema() = default;
    ValueSchema(const mh_json* json, const mh_json_value* value)
        : json_(value ? json : nullptr), value_(value) {}

    explicit operator bool() const { return json_ != nullptr; }
    /// Without the "[]" of an array.
    FieldKind kind() const;
    bool is_array() const { return type().substr(0, 2) == "[]"; }
    std::string_view name() const { return text("name"); }
    std::string_view type() const { return text("type"); }

    /// Field of a message by name; absent when it has none of that name.
    ValueSchema field(std::string_view name) const;
    uint32_t field_count() const;
    ValueSchema field_at(uint32_t i) const;

  private:
    std::string_view text(std::string_view member) const;

    const mh_json* json_ = nullptr;
    const mh_json_value* value_ = nullptr;
};

}  // namespace microhost::shared
