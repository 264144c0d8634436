// SPDX-License-Identifier: Apache-2.0
/// Commands that modules offer: the point at which they contribute, and the table with which they put out.
#pragma once

#include <microhost/draft/command_provider.h>

#include "module/contribution.hpp"

namespace microhost::command {

extern const module::Point kProviderPoint;
extern const mh_command_output kOutputTable;

}  // namespace microhost::command
