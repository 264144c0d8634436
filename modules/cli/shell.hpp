// SPDX-License-Identifier: Apache-2.0
/// `microhost cli`: a prompt where each line is a command of microhost, run as from a shell.
#pragma once

#include <microhost/app.hpp>

#include <memory>
#include <vector>

namespace microhost::cli {

class Prompt;

struct Shell : mh::app<Shell> {
    static constexpr const char* verb = "cli";
    static constexpr const char* summary = "A prompt with history and completion";
    static constexpr mh::uses<mh_loop, mh_command> needs{};

    Shell();
    ~Shell();
    mh_status run(const std::vector<std::string_view>& args);
    void on_interrupt(mh_status why);

  private:
    std::unique_ptr<Prompt> prompt_;
};

}  // namespace microhost::cli
