// SPDX-License-Identifier: Apache-2.0
/// What Micro's bot said, word for word (micro/micro internal/command/bot/commands.go).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host_commands.hpp"
#include "words.hpp"

namespace microhost::bot {

struct MicroReply {
    std::string_view command;  ///< "ping"
    std::string text;
};

/// Of the commands that answer by themselves: echo, time, hello, ping, the three laws.
std::optional<MicroReply> micro_reply(std::string_view text,
                                      std::chrono::system_clock::time_point now);

/// What it said to a command that lacks something: "list what?", "require service name". Nothing when it lacks nothing.
std::optional<MicroReply> micro_complaint(const Words& words, const std::vector<HostCommand>& host);

struct HelpLine {
    std::string name, usage, description;
    std::string details;  ///< more, or empty
};
/// Of the commands that answer by themselves.
std::vector<HelpLine> micro_help();

}  // namespace microhost::bot
