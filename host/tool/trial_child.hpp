// SPDX-License-Identifier: Apache-2.0
/// The child of host/module/trial.cpp: loads one module, takes it through its life, and tells what happens.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

int trial_child(const Arguments& arguments);

}  // namespace microhost::tool
