// SPDX-License-Identifier: Apache-2.0
/// The tool's side of supervisor.sock.
#pragma once

#include <string>
#include <string_view>

#include "result.hpp"

namespace microhost::supervise {

/// Sends a line to the supervisor of an instance and waits for its answer. `instance` empty: the only one that is supervised.
/// Errors: there is none, there are several, or what the supervisor says. Thread: any, it blocks.
Result<std::string> ask_supervisor(const std::string& runtime_dir, std::string_view instance,
                                   std::string_view line);

}  // namespace microhost::supervise
