// SPDX-License-Identifier: Apache-2.0
/// /v1/commands: the host's commands from afar, as over the control socket, for whoever shows a credential.
#pragma once

#include "command_text.hpp"
#include "proxy.hpp"

namespace microhost::proxy {

inline bool is_command(std::string_view path) {
    return path.starts_with(kCommandsPath) &&
           (path.size() == kCommandsPath.size() || path[kCommandsPath.size()] == '/');
}

mh_status answer_command(Shard& shard, mh::request r, const Asker& who, std::string_view path);

}  // namespace microhost::proxy
