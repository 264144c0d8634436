// SPDX-License-Identifier: Apache-2.0
#include "tool/settings.hpp"

#include "config/assemble.hpp"

namespace microhost::tool {

Result<config::Config> settings(const Arguments& arguments) {
    auto file = config::read_file(arguments.scan.config, arguments.surroundings);
    if (!file) return file.error();
    return config::early({arguments.scan.flags, arguments.surroundings, *file});
}

}  // namespace microhost::tool
