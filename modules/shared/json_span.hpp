// SPDX-License-Identifier: Apache-2.0
/// Finds the text of a value inside JSON that was parsed before, so that numbers keep every digit when they are passed on.
#pragma once

#include <string>
#include <string_view>

namespace microhost::shared {

/// Text of the member `key` (compared without case, as Go does) of an object; empty when there is none. The last one wins.
/// Only for text that a parser accepted: elsewhere the answer is some part of `json`, never beyond it.
std::string_view member_text(std::string_view json, std::string_view key);

/// The members of two objects as one object; `over` wins, but where both have an object under one name (compared without
/// case) these are merged as well. Nests as deep as `under`. Only for text that a parser accepted.
std::string merge_objects(std::string_view under, std::string_view over);

/// Text of the first element of an array; empty when it has none.
std::string_view first_element_text(std::string_view json);

}  // namespace microhost::shared
