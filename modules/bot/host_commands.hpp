// SPDX-License-Identifier: Apache-2.0
/// The commands that the host offers in a chat: its own, the CLI's, and those of other modules.
#pragma once

#include <microhost/draft/command.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../shared/role.hpp"
#include "masking.hpp"
#include "words.hpp"

namespace microhost::bot {

struct HostArgument {
    std::string name, summary, value, choices;
    int32_t type = MH_TYPE_TEXT;
    uint32_t flags = 0;  ///< MH_ARG_*
    bool positional() const { return flags & MH_ARG_POSITIONAL; }
};

struct HostCommand {
    std::string name, summary, help, examples;
    shared::Role needs = shared::Role::nobody;
    std::vector<HostArgument> args;

    /// "call SERVICE ENDPOINT [REQUEST...]"; flags are left out.
    std::string usage() const;
    /// Which of its arguments no log may have. Lent.
    SecretArguments secrets() const;
    /// What `help NAME` says beneath the usage.
    std::string details() const;
};

/// All, whoever asks: who may run one is decided elsewhere. [main]
std::vector<HostCommand> host_commands();

/// The one with the most words of those that `words` begin with, and how many they are; null when there is none.
const HostCommand* match_host(const std::vector<HostCommand>& all, const Words& words,
                              size_t& used);

}  // namespace microhost::bot
