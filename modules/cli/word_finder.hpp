// SPDX-License-Identifier: Apache-2.0
/// The words that complete a line, asked of the host from the reader's thread.
#pragma once

#include <string>
#include <vector>

#include "line.hpp"
#include "reader.hpp"

namespace microhost::cli {

/// Those that could stand behind `words` and begin with `prefix`, sorted. Waits for them, not longer than a person does, and not when the reading ends.
/// Thread: the reader's.
std::vector<std::string> find_words(const Words& words, const std::string& prefix, const Input& in);

}  // namespace microhost::cli
