// SPDX-License-Identifier: Apache-2.0
/// Completion in a shell: a script that asks this program at each TAB, and the answer.
#pragma once

#include <string>
#include <string_view>

#include "tool/verbs.hpp"

namespace microhost::tool {

/// What the scripts call: LINE and the cursor's place in it.
constexpr std::string_view kCompleteVerb = "__complete";

/// `microhost completion bash|zsh`: the script.
int completion(const Arguments& arguments);
/// A word that could stand there on each line. Never an error: a shell has no use for one.
int complete_line(const Arguments& arguments);
/// As a shell, and this program, take it for one word.
std::string shell_quoted(const std::string& word);

}  // namespace microhost::tool
