// SPDX-License-Identifier: Apache-2.0
/// This program once more, as a child that may crash or hang: what runs a module before anybody trusts it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "result.hpp"

namespace microhost::module {

enum class Outcome : uint8_t { passed, refused, crashed, hung, ended };

struct ChildOptions {
    std::string program = "/proc/self/exe";
    std::vector<std::string> args;  ///< a verb, and what it takes
    std::string input;              ///< on its standard input
    std::chrono::milliseconds limit{4000};
};

/// What became of it. It tells lines on descriptor kChildFd: a word, a space, a text. "stage TEXT" is what it is about to do,
/// "refused SENTENCE" why it stops, "done" that it came to its end.
struct ChildEnd {
    bool in_time = true;
    int status = 0;  ///< as waitpid has it
    std::vector<std::pair<std::string, std::string>> told;
    std::string output;  ///< the end of what was written on standard output and error
    std::chrono::milliseconds took{0}, limit{0};

    /// The text behind the last line that begins with the word; empty when there is none.
    std::string_view last(std::string_view word) const;
    bool has(std::string_view word) const;
    Outcome outcome() const;
    /// Why it did not pass, as a sentence about the module without its name. Empty: it passed.
    std::string trouble() const;
};

constexpr int kChildFd = 3;
constexpr int kLostFd = 97;  ///< exit status: the module closed that descriptor

/// Blocks for `limit` at most; then the child and all that it started are ended. Nothing of the calling process is forked,
/// and nothing of it is inherited but the environment. Thread: any. Errors: the child cannot be started.
Result<ChildEnd> run_child(const ChildOptions& options);

}  // namespace microhost::module
