// SPDX-License-Identifier: Apache-2.0
/// The command "logs": the last lines of the process's log, and those to come.
#pragma once

#include <string>

#include "observe/log.hpp"

namespace microhost::command {
class Table;
}

namespace microhost::control {

/// Which lines are wanted. What is empty excludes none.
struct LogFilter {
    log::Level level = log::Level::debug;  ///< and graver
    std::string module;   ///< itself and what is below it: "host" takes "host/http"
    std::string text;     ///< part of the message or of a field
    std::string request;  ///< id of a request

    bool takes(const log::Record& r) const;
};

/// Whether a field of that name holds the id of a request.
bool is_request_key(std::string_view key);

/// Both outlive the table. Thread: main, before the first module.
void add_logs_command(command::Table& table, const log::Log& log);

}  // namespace microhost::control
