// SPDX-License-Identifier: Apache-2.0
/// What a command reads from the terminal's process: a file, the standard input.
#pragma once

#include <microhost/command.hpp>

#include <functional>
#include <string>

namespace microhost::cli {

constexpr size_t kLargestInput = 4 * 1024 * 1024;

/// Whether this process belongs to the person at the terminal: only then are files and standard input theirs. A serving process
/// reads neither, whoever asks.
bool owns_terminal();

/// Reads all of it on a worker, then calls then(content) on this thread; fails the run with a sentence instead. `path` empty:
/// the standard input.
void read_input(const mh::run_ptr& run, std::string path, std::function<void(std::string)> then);

}  // namespace microhost::cli
