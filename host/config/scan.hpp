// SPDX-License-Identifier: Apache-2.0
/// The first look at the command line: what is needed before any module's flags are known.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "result.hpp"

namespace microhost::config {

struct Scan {
    bool help = false, version = false, check_config = false, print_schema = false;
    std::string config;              ///< of --config, else empty
    std::vector<std::string> flags;  ///< the words before the verb, for assemble()
    std::string verb;                ///< "inspect", "list", ...; empty in serve mode
    std::vector<std::string> args;   ///< behind the verb, untouched
};

/// Flags that are not the host's are skipped with the word behind them, unless that begins with '-': the host does not
/// know yet which of a module's flags are switches. So `--enable_rpc VERB` must be written `--enable_rpc=true VERB`.
/// `args` without the program's name.
Result<Scan> scan(std::span<const std::string> args);

}  // namespace microhost::config
