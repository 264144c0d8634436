// SPDX-License-Identifier: Apache-2.0
/// Reading claims: by path, as text, as a list.
#pragma once

#include <microhost/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::auth_jwt {

/// The claim "realm_access.roles": a member of that very name, else "roles" in "realm_access". Nothing: an empty value.
mh::json_value claim_at(mh::json_value claims, std::string_view path);

/// A claim as the value of a field: text, a whole number, true or false, or a list of such texts joined by ",". Nothing when it
/// is something else, too long, or has bytes that no field can carry.
std::optional<std::string> claim_text(mh::json_value claim);

/// The words of a list of texts, or of one text with spaces (as "scope" is). Others are left out.
std::vector<std::string> claim_words(mh::json_value claim);

/// Seconds since 1970 (NumericDate). Nothing for what is no number.
std::optional<double> claim_time(mh::json_value claim);

/// True when the claim is one of `accepted`, or a list with one of them.
bool claim_names(mh::json_value claim, const std::vector<std::string>& accepted);

}  // namespace microhost::auth_jwt
