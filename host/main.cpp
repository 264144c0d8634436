// SPDX-License-Identifier: Apache-2.0
/// Chooses what this process is: a server, a tool, or a command.
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "config/frame.hpp"
#include "config/print.hpp"
#include "config/scan.hpp"
#include "config/surroundings.hpp"
#include "serve/chosen_modules.hpp"
#include "serve/runtime.hpp"
#include "supervise/crash_line.hpp"
#include "supervise/link.hpp"
#include "supervise/supervisor.hpp"
#include "tool/verbs.hpp"

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

int serve_or_explain(const config::Scan& scan, const config::Surroundings& surroundings,
                     std::vector<std::string> argv) {
    serve::Intent intent(scan.flags, scan.config, surroundings);
    if (Result<> r = intent.read(); !r) return refuse(r.error());
    Result<config::Config> early = intent.early();
    if (!early) return refuse(early.error());
    supervise::Link* link = supervise::Link::here();
    const bool explain = scan.help || scan.print_schema || scan.check_config;
    if (early->host.supervise && !explain && !link)
        return supervise::Supervisor(early->host, {program(), std::move(argv), {}}).run();
    Result<serve::ChosenModules> chosen = serve::choose_modules(*early);
    if (!chosen) return refuse(chosen.error());
    const std::vector<config::ModuleSchema> known =
        serve::schemas(chosen->modules, chosen->dropped);
    if (scan.help) return print(config::help_text(known) + "\n" + tool::verbs_text());
    if (scan.print_schema) {
        config::FrameOptions options;
        options.modules = known;
        options.pretty = true;
        return print(config::document_schema(options) + "\n");
    }
    Result<config::Config> config = intent.assemble(chosen->modules, chosen->dropped);
    if (!config) return refuse(config.error());
    if (scan.check_config) return print(config::effective_text(*config));
    supervise::install_crash_line(link ? link->channel() : -1);
    return serve::Runtime({std::move(intent), std::move(*config), std::move(chosen->loader),
                           std::move(chosen->modules)})
        .run();
}

}  // namespace

int main(int argc, char** argv) {
    supervise::Link::find();
    std::vector<std::string> args(argv + 1, argv + argc);
    Result<config::Scan> scan = config::scan(args);
    if (!scan) return refuse(scan.error());
    if (scan->version) return print("microhost " MICROHOST_VERSION "\n");
    const config::Surroundings surroundings = config::Surroundings::here();
    if (!scan->verb.empty()) return tool::run_verb(*scan, surroundings);
    return serve_or_explain(*scan, surroundings, {argv, argv + argc});
}
