// SPDX-License-Identifier: Apache-2.0
/// The command "config get": the configuration in use, and where each value came from.
#pragma once

#include <functional>

#include "config/config.hpp"

namespace microhost::command {
class Table;
}

namespace microhost::control {

/// A value that is no object, or an empty one.
struct ConfigRow {
    std::string pointer;
    json::Value value;  ///< lent by the configuration; absent: it is secret
    std::string from;  ///< "microhost.json:7", "flag --api_handler"; empty: nothing that can be set
};

/// What lies at `pointer` ("/host/log", with or without the first slash; empty: all). The error names what is near.
Result<std::vector<ConfigRow>> config_rows(const config::Config& config, std::string_view pointer);

/// `config` answers what is in use now, and outlives the table. Thread: main, before the first module.
void add_config_command(command::Table& table, std::function<const config::Config&()> config);

}  // namespace microhost::control
