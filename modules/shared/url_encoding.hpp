// SPDX-License-Identifier: Apache-2.0
/// Percent-encoding and application/x-www-form-urlencoded pairs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace microhost::shared {

struct FormPair {
    std::string key;
    std::string value;
    bool has_value = false;  ///< there was a "="
};

/// Upper bound of the pairs that one query or form may have.
inline constexpr size_t kMaxFormPairs = 1024;

/// Decodes %XX, and "+" as a space in forms and queries. False for a broken escape.
bool percent_decode(std::string_view in, bool plus_is_space, std::string& out);

/// Splits "a=1&b=2" and decodes it; empty parts are skipped. False for a broken escape or too many pairs.
bool parse_form(std::string_view text, std::vector<FormPair>& out);

}  // namespace microhost::shared
