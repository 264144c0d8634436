// SPDX-License-Identifier: Apache-2.0
/// `microhost NAME ...` for a command of an installed module. One that runs "here" runs in this process, on the registry of this
/// machine, whether anything serves or not; all others are a serving process's.
#pragma once

#include <functional>
#include <string_view>

#include "config/config.hpp"
#include "module/check.hpp"
#include "tool/verbs.hpp"

namespace microhost::tool {

/// Whatever is no verb of the program. The exit status: the command's; 1 it cannot run, 2 wrongly asked, 124 the deadline, 128
/// and the signal's number when one ended it.
int run_command(const Arguments& arguments);

/// Calls fn(word, summary) for what could stand at the end of `line`, which begins with a command of that module.
void complete_here(const Arguments& arguments, const config::Config& early,
                   const module::CandidatePtr& module, std::string_view line,
                   const std::function<void(std::string_view, std::string_view)>& fn);

}  // namespace microhost::tool
