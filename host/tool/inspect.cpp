// SPDX-License-Identifier: Apache-2.0
#include "tool/inspect.hpp"

#include <fmt/format.h>

#include "module/check.hpp"
#include "tool/options.hpp"

namespace microhost::tool {

int inspect(const Arguments& arguments) {
    std::string file;
    Options options(arguments, "microhost inspect ./stamp.so");
    options.word("FILE", file, "the module");
    if (auto status = options.parse()) return *status;
    auto module = module::check_file(file);
    if (!module) {
        fmt::print(stderr, "microhost: {}\n", module.error().what);
        return 1;
    }
    fmt::print("{} {}: {}\n", (*module)->id(), (*module)->manifest.version,
               (*module)->manifest.summary);
    return 0;
}

}  // namespace microhost::tool
