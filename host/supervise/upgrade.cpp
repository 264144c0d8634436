// SPDX-License-Identifier: Apache-2.0
#include "supervise/upgrade.hpp"

#include <cstdio>

#include "supervise/ask.hpp"

namespace microhost::supervise {

int upgrade(const std::string& runtime_dir, std::span<const std::string> args) {
    std::string instance;
    constexpr std::string_view kFlag = "--instance";
    for (size_t i = 0; i < args.size(); i++) {
        const std::string& a = args[i];
        if (a == kFlag && i + 1 < args.size()) {
            instance = args[++i];
        } else if (a.starts_with(kFlag) && a.size() > kFlag.size() && a[kFlag.size()] == '=') {
            instance = a.substr(kFlag.size() + 1);
        } else {
            std::fprintf(stderr, "microhost: %s: usage: microhost upgrade [--instance NAME]\n",
                         a.c_str());
            return 2;
        }
    }
    const Result<std::string> said = ask_supervisor(runtime_dir, instance, "upgrade");
    if (!said) {
        std::fprintf(stderr, "microhost: %s\n", said.error().what.c_str());
        return 1;
    }
    std::printf("%s\n", said->c_str());
    return 0;
}

}  // namespace microhost::supervise
