// SPDX-License-Identifier: Apache-2.0
/// `--watch [INTERVAL]` behind a command that ends: it is run again and again, and what it says shown in place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/scan.hpp"
#include "result.hpp"
#include "tool/command_line.hpp"

namespace microhost::tool {

struct Watch {
    static constexpr uint64_t kInterval = 2000, kShortest = 100;

    Words args;  ///< behind the verb, without --watch
    uint64_t pause_ms = kInterval;
};

/// Nothing: it was not asked for. A word behind --watch that is a time is the interval.
Result<std::optional<Watch>> take_watch(Words args);

/// A text in place of what a terminal of that size shows; what does not fit is cut off, and how much that is stands in the last line.
std::string screen_of(std::string_view text, size_t rows, size_t columns);

/// Runs the command as often as it takes, each time as a process of its own, when that was asked for or the command is one to look
/// at ("top" in a terminal). The exit status: 130 for ctrl-C; 2 when it is wrongly asked. Nothing: it was not asked for.
std::optional<int> watched(const config::Scan& scan);

}  // namespace microhost::tool
