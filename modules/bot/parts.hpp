// SPDX-License-Identifier: Apache-2.0
/// An answer as the messages of a network.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "input.hpp"
#include "output.hpp"

namespace microhost::bot {

/// Messages that fit the format, at most as many as it allows: cut at the ends of lines, long lines between characters. What finds no
/// room is counted in the last one, together with `missing` lines that are not there at all. `before` begins the first message.
std::vector<std::string> parts_of(const std::vector<Line>& lines, uint64_t missing,
                                  const Format& format, std::string_view before = {});

}  // namespace microhost::bot
