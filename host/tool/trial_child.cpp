// SPDX-License-Identifier: Apache-2.0
#include "tool/trial_child.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "module/generation.hpp"
#include "module/library.hpp"
#include "module/trial.hpp"
#include "net/no_connections.hpp"
#include "tool/module_config.hpp"
#include "tool/rig.hpp"
#include "tool/tell.hpp"
#include "tool/traces.hpp"

namespace microhost::tool {
namespace {

std::string input() {
    std::string text;
    char block[4096];
    for (ssize_t n; (n = ::read(0, block, sizeof block)) > 0;)
        text.append(block, static_cast<size_t>(n));
    return text;
}

/// create() to destroy(). Empty, or why it failed.
std::string live(Rig& rig, const module::CandidatePtr& candidate, json::Document config) {
    stage("create()");
    auto generation = module::Generation::create(*rig.environment, candidate, std::move(config));
    if (!generation) return generation.error().what;
    module::Generation& g = rig.modules->add(std::move(*generation));
    std::string why;
    stage("start()");
    if (auto ok = rig.start(); !ok) why = ok.error().what;
    stage("destroy()");
    rig.stop();
    if (why.empty() && g.stage() != module::Stage::stopped)
        why = fmt::format(
            "{}: work that it began has not ended a second after drain(); end it there", g.path());
    return why;
}

}  // namespace

int trial_child(const Arguments& arguments) {
    const auto& words = arguments.scan.args;
    if (words.size() < 2) return 2;
    fence(std::strtol(words[1].c_str(), nullptr, 10));
    net::forbid_connections();
    const std::string text = input();
    auto candidate = module::check_file(words[0]);
    if (!candidate) finish(candidate.error().what);
    auto rig = Rig::make();
    if (!rig) finish(rig.error().what);
    const Traces before = Traces::now();

    stage("constructors");
    auto library = module::Library::open(words[0], words[0]);
    if (!library) finish(library.error().what);
    const bool checked = words.size() > 2 && words[2] == module::kCheckedConfig;
    auto config = checked ? json::Document::parse(text.empty() ? "{}" : text)
                          : module_config(**candidate, text);
    std::string why;
    if (config)
        why = live(**rig, *candidate, std::move(*config));
    else if (text.empty())
        tell("untried", config.error().what);
    else
        why = config.error().what;
    const auto findings = Traces::now().since(before);
    for (const module::Finding& f : findings)
        tell("finding", fmt::format("{}: {}", f.name, f.text));
    const bool threads = std::ranges::any_of(findings, [](auto& f) { return f.name == "threads"; });
    if (!why.empty() || threads || (*candidate)->elf.go_runtime) finish(why);
    stage("destructors");
    (*rig)->log->flush(std::chrono::milliseconds(500));
    tell("done");
    std::exit(0);  // runs them, as the end of a real process does
}

}  // namespace microhost::tool
