// SPDX-License-Identifier: Apache-2.0
#include "tool/version.hpp"

#include <microhost/entry.h>

#include <string>

#include "json/writer.hpp"
#include "tool/options.hpp"

namespace microhost::tool {

int version(const Arguments& arguments) {
    std::string output;
    Options options(arguments, "microhost version --output json");
    options.value("-o,--output", output, "FORMAT",
                  "json: version and the epoch of the modules' ABI");
    if (auto status = options.parse()) return *status;
    if (output == "raw") return print(MICROHOST_VERSION "\n");
    if (output.empty() || output == "table") return print("microhost " MICROHOST_VERSION "\n");
    if (output != "json")
        return options.refuse("--output: " + json::quote(output) + " is none of table, json, raw");
    std::string out;
    json::Writer(out)
        .object()
        .key("version")
        .string(MICROHOST_VERSION)
        .key("abi_epoch")
        .uint64(MH_ABI_EPOCH)
        .end();
    return print(out + "\n");
}

}  // namespace microhost::tool
