// SPDX-License-Identifier: Apache-2.0
/// The session behind `microhost cli`: reads a line, runs it, reads the next.
#pragma once

#include <microhost/app.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "line.hpp"
#include "reader.hpp"

namespace microhost::cli {

/// Thread: main.
class Prompt {
  public:
    /// Begins to read; ends with mh_app_control's exit.
    Prompt();
    void interrupt(mh_status why);

  private:
    void take(const Typed& typed);
    void run(Words words);
    void run_in_process(const Words& words);
    void ended(int status);
    void help();
    void refuse(const std::string& why);
    void next(int status);
    void finish(int status);

    std::FILE* terminal_;  ///< where the prompt is; null: the input is no terminal
    int last_ = 0;         ///< exit status of the last command
    std::unique_ptr<Reader> reader_;
};

}  // namespace microhost::cli
