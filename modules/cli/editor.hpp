// SPDX-License-Identifier: Apache-2.0
/// Lines that are edited on a terminal: libedit, with a history and completion. All of that library is in editor.cpp.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "line.hpp"
#include "reader.hpp"

namespace microhost::cli {

struct EditorOptions {
    std::FILE* out = nullptr;  ///< where the prompt is shown: a terminal
    std::string prompt;
    std::string history;  ///< a file, or empty
    /// The words that could stand behind `words` and begin with `prefix`; answers soon. Thread: the reader's.
    std::function<std::vector<std::string>(const Words& words, const std::string& prefix,
                                           const Input& in)>
        complete;
};

std::unique_ptr<LineSource> edited_lines(Input& in, const EditorOptions& options);

}  // namespace microhost::cli
