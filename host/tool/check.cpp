// SPDX-License-Identifier: Apache-2.0
#include "tool/check.hpp"

#include <algorithm>
#include <fstream>

#include "tool/judged.hpp"
#include "tool/options.hpp"
#include "tool/settings.hpp"

namespace microhost::tool {
namespace {

Result<> save(const std::string& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary);
    out << text;
    out.close();
    if (!out) return error("{}: cannot be written", path);
    return {};
}

}  // namespace

int check(const Arguments& arguments) {
    std::vector<std::string> paths;
    std::string junit, config;
    bool json = false, trial = false, strict = false;
    unsigned limit = 4000;
    Options options(arguments,
                    "microhost check /etc/microhost/plugins\n"
                    "  microhost check --trial --junit check.xml ./stamp.so");
    options.words("FILE|DIR", paths, "modules, or folders of them (*.so)")
        .flag("--trial", trial, "also run each in a process of its own, from its constructors on")
        .number("--limit", limit, "MS", "with --trial: milliseconds for each [4000]")
        .value("--config", config, "JSON", "with --trial: its section of the configuration")
        .flag("--strict", strict, "a warning is a refusal")
        .flag("--json", json, "print JSON")
        .value("--junit", junit, "FILE", "also write JUnit's XML");
    if (auto status = options.parse()) return *status;
    if (!trial && !config.empty()) return options.refuse("--config needs --trial");
    auto host = settings(arguments);
    if (!host) return options.refuse(host.error().what);

    std::vector<Judged> files = judge_files(paths);
    judge_together(files, host->host.module_path);
    if (trial) {
        module::TrialOptions how;
        how.limit = std::chrono::milliseconds(limit);
        how.config = config;
        judge_trials(files, how);
    }
    if (strict)
        for (Judged& f : files)
            if (!f.warnings.empty())
                f.refuse(fmt::format("{}: {}: {}", f.path, f.warnings[0].name, f.warnings[0].text));
    if (!junit.empty())
        if (auto ok = save(junit, junit_of(files)); !ok) return options.refuse(ok.error().what);
    return print(json ? json_of(files) : text_of(files),
                 std::ranges::all_of(files, &Judged::good) ? 0 : 1);
}

}  // namespace microhost::tool
