// SPDX-License-Identifier: Apache-2.0
/// The commands of the process over the control socket: GET /v1/commands, POST /v1/commands/NAME[/SUB].
#pragma once

#include <string_view>

#include "http/exchange.hpp"

namespace microhost::command {
class Table;
}

namespace microhost::control {

constexpr std::string_view kCommandsPath = "/v1/commands";

/// Whether this request is answered by answer_command().
bool asks_for_commands(std::string_view path);

/// The list, or a command that runs: its lines go out as they come, and closing the connection cancels it. The peer's uid
/// says who asks: root and our own user are admin, all others, and everybody on TCP, nobody. Thread: main.
mh_status answer_command(http::Exchange& x, command::Table& table);

}  // namespace microhost::control
