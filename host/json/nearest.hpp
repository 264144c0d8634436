// SPDX-License-Identifier: Apache-2.0
/// "Did you mean": the known name nearest to a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace microhost::json {

/// The candidate with the fewest typing errors (insert, drop, change, swap), empty when none is
/// near enough to help.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

/// `; did you mean "address"?`, or empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

/// A quoted JSON string of at most about 40 characters, for messages about untrusted text.
std::string quote_short(std::string_view text);

}  // namespace microhost::json
