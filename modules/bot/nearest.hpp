// SPDX-License-Identifier: Apache-2.0
/// "Did you mean": what was probably meant by what was typed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::bot {

/// How many letters have to be inserted, left out, replaced or swapped with their neighbour; anything over `most` is most + 1.
size_t edit_distance(std::string_view a, std::string_view b, size_t most);

/// The name that the first words of `typed` are nearest to, each name compared with as many words as it has. Empty when none is
/// near; of several the first.
std::string_view nearest(std::string_view typed, const std::vector<std::string>& names);

}  // namespace microhost::bot
