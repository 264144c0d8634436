// SPDX-License-Identifier: Apache-2.0
/// Chooses what this process is: a server, a tool, or a command.
#include <cstdio>
#include <string>
#include <vector>

#include "config/assemble.hpp"
#include "config/frame.hpp"
#include "config/print.hpp"
#include "config/scan.hpp"
#include "config/surroundings.hpp"
#include "module/loader.hpp"
#include "serve/offered.hpp"
#include "serve/runtime.hpp"
#include "tool/verbs.hpp"

using namespace microhost;

namespace {

int refuse(const Error& e) {
    std::fprintf(stderr, "microhost: %s\n", e.what.c_str());
    return 2;
}

int print(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    return std::fflush(stdout) == 0 ? 0 : 1;
}

std::vector<config::ModuleSchema> schemas(const std::vector<module::CandidatePtr>& modules) {
    std::vector<config::ModuleSchema> out;
    for (auto& m : modules)
        out.push_back({m->id(), m->manifest.config_schema(),
                       m->manifest.document.root().find("filter_schema")});
    return out;
}

int serve_or_explain(const config::Scan& scan, const config::Surroundings& surroundings) {
    Result<config::File> file = config::read_file(scan.config, surroundings);
    if (!file) return refuse(file.error());
    Result<config::Config> early = config::early({scan.flags, surroundings, *file});
    if (!early) return refuse(early.error());
    module::Loader loader(early->host.module_path, serve::offered_interfaces());
    Result<std::vector<module::CandidatePtr>> modules = loader.plan(early->load);
    if (!modules) return refuse(modules.error());
    const std::vector<config::ModuleSchema> known = schemas(*modules);
    if (scan.help) return print(config::help_text(known) + "\n" + tool::verbs_text());
    if (scan.print_schema) {
        config::FrameOptions options;
        options.modules = known;
        options.pretty = true;
        return print(config::document_schema(options) + "\n");
    }
    Result<config::Config> config = config::assemble({scan.flags, surroundings, *file, known});
    if (!config) return refuse(config.error());
    if (scan.check_config) return print(config::effective_text(*config));
    auto read_again = [&]() -> Result<config::Config> {
        Result<config::File> now = config::read_file(scan.config, surroundings);
        if (!now) return now.error();
        return config::assemble({scan.flags, surroundings, *now, known});
    };
    return serve::Runtime({std::move(*config), *modules, read_again}).run();
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> args(argv + 1, argv + argc);
    Result<config::Scan> scan = config::scan(args);
    if (!scan) return refuse(scan.error());
    if (scan->version) return print("microhost " MICROHOST_VERSION "\n");
    const config::Surroundings surroundings = config::Surroundings::here();
    if (!scan->verb.empty()) return tool::run_verb(*scan, surroundings);
    return serve_or_explain(*scan, surroundings);
}
