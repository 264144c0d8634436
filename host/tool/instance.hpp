// SPDX-License-Identifier: Apache-2.0
/// `microhost NAME ...` for a command of a running instance: finds it, asks it, shows what it says.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

/// Runs `verb` with the words behind it in the instance that --instance names, or in the only one. The exit status: the
/// command's; 1 no instance, or it does not answer; 2 wrongly asked, or several instances.
int ask_instance(const Arguments& arguments);

}  // namespace microhost::tool
