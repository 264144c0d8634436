// SPDX-License-Identifier: Apache-2.0
/// Chooses what this process is: a server, a tool, or a command.
#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "config/frame.hpp"
#include "config/print.hpp"
#include "config/scan.hpp"
#include "config/surroundings.hpp"
#include "module/loader.hpp"
#include "serve/module_operations.hpp"
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

int serve_or_explain(const config::Scan& scan, const config::Surroundings& surroundings) {
    serve::Intent intent(scan.flags, scan.config, surroundings);
    if (Result<> r = intent.read(); !r) return refuse(r.error());
    Result<config::Config> early = intent.early();
    if (!early) return refuse(early.error());
    module::Loader loader(early->host.module_path, serve::offered_interfaces());
    Result<std::vector<module::CandidatePtr>> modules = loader.plan(early->load);
    if (!modules) return refuse(modules.error());
    std::set<std::string> dropped;
    for (const module::CandidatePtr& c : serve::dropped_modules(early->host.plugin_dir)) {
        const bool named = std::any_of(modules->begin(), modules->end(),
                                       [&](const auto& m) { return m->id() == c->id(); });
        if (!named && dropped.insert(c->id()).second) modules->push_back(c);
    }
    const std::vector<config::ModuleSchema> known = serve::schemas(*modules, dropped);
    if (scan.help) return print(config::help_text(known) + "\n" + tool::verbs_text());
    if (scan.print_schema) {
        config::FrameOptions options;
        options.modules = known;
        options.pretty = true;
        return print(config::document_schema(options) + "\n");
    }
    Result<config::Config> config = intent.assemble(*modules, dropped);
    if (!config) return refuse(config.error());
    if (scan.check_config) return print(config::effective_text(*config));
    return serve::Runtime({std::move(intent), std::move(*config), std::move(loader)}).run();
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
