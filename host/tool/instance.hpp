// SPDX-License-Identifier: Apache-2.0
/// `microhost NAME ...` for a command of a running instance, here or in a remote environment: finds it, asks it, shows what it says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "tool/verbs.hpp"

namespace microhost::tool {

/// Runs `verb` with the words behind it in the instance that --instance names, or in the only one. The exit status: the
/// command's; 1 no instance, or it does not answer; 2 wrongly asked, or several instances.
int ask_instance(const Arguments& arguments);
/// The same. `known`: commands that there are besides, for "did you mean". `is_command`: the words are known to be a command, so
/// that the lack of an instance is what is wrong.
int ask_instance(const Arguments& arguments, const std::vector<std::string_view>& known,
                 bool is_command);

/// The same in the remote environment of the arguments. Nothing: it has no such command, but this machine does (`known_here`).
std::optional<int> ask_remote(const Arguments& arguments, bool known_here = false);

/// Where instances and the registry of this machine are looked for.
std::vector<std::string> runtime_folders(const config::HostSettings& host,
                                         const config::Surroundings& in);

}  // namespace microhost::tool
