// SPDX-License-Identifier: Apache-2.0
#include "supervise/upgrade.hpp"

#include <cstdio>
#include <span>
#include <string>

#include "config/assemble.hpp"
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

int refuse(const Error& e, int status = 2) {
    std::fprintf(stderr, "microhost: %s\n", e.what.c_str());
    return status;
}

}  // namespace

int upgrade(const config::Scan& scan, const config::Surroundings& surroundings) {
    auto file = config::read_file(scan.config, surroundings);
    if (!file) return refuse(file.error());
    auto early = config::early({scan.flags, surroundings, *file});
    if (!early) return refuse(early.error());
    const std::span<const std::string> args = scan.args;
    std::string instance, line = "upgrade";
    for (size_t i = 0; i < args.size(); i++) {
        const std::string word = args[i];
        if (const char* v = value_of(args, i, "--instance")) {
            instance = v;
        } else if (const char* module = value_of(args, i, "--release")) {
            line = std::string("release ") + module;
        } else {
            return refuse(
                error("{}: usage: microhost upgrade [--instance NAME] [--release MODULE]", word));
        }
    }
    const Result<std::string> said = ask_supervisor(early->host.runtime_dir, instance, line);
    if (!said) return refuse(said.error(), 1);
    std::printf("%s\n", said->c_str());
    return 0;
}

}  // namespace microhost::supervise
