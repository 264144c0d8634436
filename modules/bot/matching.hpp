// SPDX-License-Identifier: Apache-2.0
/// Which command a message is. The order is fixed: what Micro's bot answers by itself, the bot's own, the host's, then services.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "command_services.hpp"
#include "micro.hpp"
#include "output.hpp"

namespace microhost::bot {

enum class Own : uint8_t { help, cancel, yes, whoami, jobs, status, on, off, watch, unwatch };

struct Match {
    enum class Kind : uint8_t { unknown, reply, own, host, service } kind = Kind::unknown;
    std::string name;  ///< of the command, for rules and logs; empty when unknown
    shared::Role needs = shared::Role::nobody;
    bool changes = false;  ///< it is asked for a second time whether that is meant
    std::string args;      ///< for logs: without secrets
    std::string text;      ///< kind reply: the answer; own: what follows the name
    bool failed = false;   ///< kind reply: it says what is wrong
    Own own = Own::help;
    std::string line;  ///< kind host: quoted
    Output::Style style = Output::Style::table;
    Words words;  ///< kind service
};

/// What there is besides what is fixed.
struct Vocabulary {
    std::function<std::vector<HostCommand>()> host;
    std::function<const ServiceCommand*(std::string_view word)> service;
};

/// `text` is what the message says behind the bot's name.
Match match(std::string_view text, const Vocabulary& known);

/// The bot's own commands, for help.
std::vector<HelpLine> own_help();

}  // namespace microhost::bot
