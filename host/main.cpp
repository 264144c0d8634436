// SPDX-License-Identifier: Apache-2.0
/// Chooses what this process is: a server, a tool, or a command.
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "config/assemble.hpp"
#include "config/frame.hpp"
#include "config/print.hpp"
#include "config/scan.hpp"
#include "config/surroundings.hpp"
#include "module/loader.hpp"
#include "serve/absent.hpp"
#include "serve/offered.hpp"
#include "serve/runtime.hpp"
#include "supervise/crash_line.hpp"
#include "supervise/link.hpp"
#include "supervise/quarantine.hpp"
#include "supervise/supervisor.hpp"
#include "supervise/upgrade.hpp"

using namespace microhost;

namespace {

int refuse(const Error& e) {
    std::fprintf(stderr, "microhost: %s\n", e.what.c_str());
    if (supervise::Link* link = supervise::Link::here()) link->failed(e.what);
    return 2;
}

// The path, not the file: an upgrade puts another one there.
std::string program() {
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/self/exe", ignored).string();
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

// Modules in quarantine are known, but do not run.
int serve(config::Config config, std::vector<module::CandidatePtr> modules,
          std::function<Result<config::Config>()> read_again) {
    auto held = supervise::hold_back(modules, supervise::Quarantine(config.host.state_dir));
    if (!held) return refuse(held.error());
    serve::mark_absent(config, *held);
    for (const config::Absent& a : config.absent) config.warnings.push_back(a.why);
    auto again = [held = *held, read_again]() -> Result<config::Config> {
        Result<config::Config> now = read_again();
        if (now) serve::mark_absent(*now, held);
        return now;
    };
    const supervise::Link* link = supervise::Link::here();
    supervise::install_crash_line(link ? link->channel() : -1);
    return serve::Runtime({std::move(config), std::move(modules), again}).run();
}

int serve_or_explain(const config::Scan& scan, const config::Surroundings& surroundings,
                     std::vector<std::string> argv) {
    Result<config::File> file = config::read_file(scan.config, surroundings);
    if (!file) return refuse(file.error());
    Result<config::Config> early = config::early({scan.flags, surroundings, *file});
    if (!early) return refuse(early.error());
    const bool explain = scan.help || scan.print_schema || scan.check_config;
    if (early->host.supervise && !explain && !supervise::Link::here())
        return supervise::Supervisor(early->host, {program(), std::move(argv), {}}).run();
    module::Loader loader(early->host.module_path, serve::offered_interfaces());
    Result<std::vector<module::CandidatePtr>> modules = loader.plan(early->load);
    if (!modules) return refuse(modules.error());
    const std::vector<config::ModuleSchema> known = schemas(*modules);
    if (scan.help) return print(config::help_text(known));
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
    return serve(std::move(*config), std::move(*modules), read_again);
}

int run_verb(const config::Scan& scan, const config::Surroundings& surroundings) {
    if (scan.verb != "upgrade")
        return refuse(error("there is no command \"{}\"; see microhost --help", scan.verb));
    return supervise::upgrade(scan, surroundings);
}

}  // namespace

int main(int argc, char** argv) {
    supervise::Link::find();
    std::vector<std::string> args(argv + 1, argv + argc);
    Result<config::Scan> scan = config::scan(args);
    if (!scan) return refuse(scan.error());
    if (scan->version) return print("microhost " MICROHOST_VERSION "\n");
    const config::Surroundings surroundings = config::Surroundings::here();
    if (!scan->verb.empty()) return run_verb(*scan, surroundings);
    return serve_or_explain(*scan, surroundings, {argv, argv + argc});
}
