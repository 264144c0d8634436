// SPDX-License-Identifier: Apache-2.0
#include "shell.hpp"

#include <unistd.h>

#include <cstdio>

#include "prompt.hpp"

namespace microhost::cli {
namespace {

constexpr const char* kHelp =
    "Usage: microhost cli\n"
    "A prompt where each line is a command of microhost, without the word microhost. Flags of the "
    "host, such as --config, stand\n"
    "before cli and count for every line. With standard input that is no terminal its lines are "
    "run one by one, and the exit\n"
    "status is that of the last.\n";

mh_status refuse(const std::string& text) {
    mh::the_host->error(mh::the_host, MH_E_INVALID, {}, mh::lend(text));
    return MH_E_INVALID;
}

}  // namespace

Shell::Shell() = default;
Shell::~Shell() = default;

mh_status Shell::run(const std::vector<std::string_view>& args) {
    if (args.size() == 1 && (args[0] == "--help" || args[0] == "-h")) {
        std::fputs(kHelp, stdout);
        return mh::control().exit(mh::the_host, 0), MH_OK;
    }
    if (!args.empty())
        return refuse("cli takes no words; a single command is microhost " + std::string(args[0]) +
                      " ...");
    prompt_ = std::make_unique<Prompt>();
    return MH_OK;
}

void Shell::on_interrupt(mh_status why) {
    if (prompt_) prompt_->interrupt(why);
}

}  // namespace microhost::cli
