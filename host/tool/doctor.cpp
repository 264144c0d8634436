// SPDX-License-Identifier: Apache-2.0
#include "tool/doctor.hpp"

#include <algorithm>
#include <set>

#include "json/writer.hpp"
#include "module/loader.hpp"
#include "serve/intent.hpp"
#include "serve/module_operations.hpp"
#include "serve/offered.hpp"
#include "tool/diagnosis.hpp"
#include "tool/options.hpp"

namespace microhost::tool {
namespace {

/// The configuration as serving would see it. Where it cannot be had, what is known without the modules.
Result<config::Config> whole(serve::Intent& intent, const config::Config& early) {
    const module::Loader loader(early.host.module_path, serve::offered_interfaces());
    auto modules = loader.plan(early.load);
    if (!modules) return modules.error();
    std::set<std::string> dropped;
    for (const module::CandidatePtr& c : serve::dropped_modules(early.host.plugin_dir)) {
        const bool named =
            std::ranges::any_of(*modules, [&](const auto& m) { return m->id() == c->id(); });
        if (!named && dropped.insert(c->id()).second) modules->push_back(c);
    }
    return intent.assemble(*modules, dropped);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Diagnosis examine(const Arguments& arguments) {
    Diagnosis out;
    auto sick = [&](const Error& e) {
        out.push_back({Health::problem, "configuration", first_line(e.what)});
    };
    serve::Intent intent(arguments.scan.flags, arguments.scan.config, arguments.surroundings);
    Result<> read = intent.read();
    Result<config::Config> config = read ? intent.early() : Result<config::Config>(read.error());
    if (!config) {
        sick(config.error());
        look_at_clock(out);
        return out;
    }
    if (auto all = whole(intent, *config)) {
        config = std::move(all);
        out.push_back({Health::ok, "configuration",
                       config->file.empty() ? "no file; flags, variables and defaults"
                                            : config->file + " is right"});
        for (const std::string& w : config->warnings)
            out.push_back({Health::warning, "configuration", w});
    } else {
        sick(all.error());
    }
    look_at_ports(*config, out);
    look_at_limits(*config, out);
    look_at_folders(*config, out);
    look_at_clock(out);
    look_at_certificates(*config, out);
    look_at_modules(*config, out);
    look_at_instances(*config, out);
    return out;
}

std::string_view name(Health h) {
    return h == Health::ok ? "ok" : h == Health::warning ? "warning" : "problem";
}

std::string text_of(const Diagnosis& all) {
    std::string out;
    for (const Symptom& s : all)
        out += fmt::format("{:<8} {:<14} {}\n", name(s.health), s.about, s.text);
    return out;
}

std::string json_of(const Diagnosis& all, bool well) {
    std::string out;
    json::Writer w(out, {.pretty = true});
    w.object().key("ok").boolean(well).key("checks").array();
    for (const Symptom& s : all)
        w.object()
            .key("health")
            .string(name(s.health))
            .key("about")
            .string(s.about)
            .key("text")
            .string(s.text)
            .end();
    w.end().end();
    return out + "\n";
}

}  // namespace

int doctor(const Arguments& arguments) {
    bool json = false;
    Options options(arguments, "microhost --config /etc/microhost/microhost.json doctor");
    options.flag("--json", json, "print JSON");
    if (auto status = options.parse()) return *status;
    const Diagnosis all = examine(arguments);
    const bool well =
        std::ranges::none_of(all, [](const Symptom& s) { return s.health == Health::problem; });
    return print(json ? json_of(all, well) : text_of(all), well ? 0 : 1);
}

}  // namespace microhost::tool
