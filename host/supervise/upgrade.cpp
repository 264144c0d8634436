// SPDX-License-Identifier: Apache-2.0
#include "supervise/upgrade.hpp"

#include <cstdio>

#include "supervise/ask.hpp"

namespace microhost::supervise {

namespace {

/// The value of `--name VALUE` or `--name=VALUE` at args[i], which moves to its last word; null when it is another flag.
const char* value_of(std::span<const std::string> args, size_t& i, std::string_view name) {
    const std::string& a = args[i];
    if (a == name && i + 1 < args.size()) return args[++i].c_str();
    if (a.size() > name.size() && a.starts_with(name) && a[name.size()] == '=')
        return a.c_str() + name.size() + 1;
    return nullptr;
}

}  // namespace

int upgrade(const std::string& runtime_dir, std::span<const std::string> args) {
    std::string instance, line = "upgrade";
    for (size_t i = 0; i < args.size(); i++) {
        const std::string word = args[i];
        if (const char* v = value_of(args, i, "--instance")) {
            instance = v;
        } else if (const char* module = value_of(args, i, "--release")) {
            line = std::string("release ") + module;
        } else {
            std::fprintf(stderr,
                         "microhost: %s: usage: microhost upgrade [--instance NAME] "
                         "[--release MODULE]\n",
                         word.c_str());
            return 2;
        }
    }
    const Result<std::string> said = ask_supervisor(runtime_dir, instance, line);
    if (!said) {
        std::fprintf(stderr, "microhost: %s\n", said.error().what.c_str());
        return 1;
    }
    std::printf("%s\n", said->c_str());
    return 0;
}

}  // namespace microhost::supervise
