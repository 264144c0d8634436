// SPDX-License-Identifier: Apache-2.0
#include "tool/upgrade.hpp"

#include "config/assemble.hpp"
#include "supervise/ask.hpp"
#include "tool/options.hpp"

namespace microhost::tool {

int upgrade(const Arguments& arguments) {
    std::string instance, module;
    Options options(arguments,
                    "microhost upgrade\nmicrohost upgrade --instance edge --release acme-auth");
    options.value("--instance", instance, "NAME", "which one, when several are supervised")
        .value("--release", module, "MODULE", "let it out of quarantine before");
    if (auto end = options.parse()) return *end;
    auto file = config::read_file(arguments.scan.config, arguments.surroundings);
    if (!file) return options.refuse(file.error().what);
    auto early = config::early({arguments.scan.flags, arguments.surroundings, *file});
    if (!early) return options.refuse(early.error().what);
    const Result<std::string> said = supervise::ask_supervisor(
        early->host.runtime_dir, instance, module.empty() ? "upgrade" : "release " + module);
    if (!said) return no(said.error());
    return print(*said + "\n");
}

}  // namespace microhost::tool
