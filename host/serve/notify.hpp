// SPDX-License-Identifier: Apache-2.0
/// Tells the service manager how the start and the stop go (sd_notify(3)), where there is one.
#pragma once

#include <string_view>

namespace microhost::serve {

/// "READY=1", "STOPPING=1", ... to $NOTIFY_SOCKET; nothing happens without it. Never blocks, never fails.
void notify(std::string_view state);

}  // namespace microhost::serve
