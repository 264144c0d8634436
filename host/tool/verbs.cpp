// SPDX-License-Identifier: Apache-2.0
#include "tool/verbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "module/trial.hpp"
#include "tool/check.hpp"
#include "tool/completion.hpp"
#include "tool/config_check.hpp"
#include "tool/dev.hpp"
#include "tool/doctor.hpp"
#include "tool/explain.hpp"
#include "tool/here.hpp"
#include "tool/inspect.hpp"
#include "tool/instance.hpp"
#include "tool/new.hpp"
#include "tool/publish.hpp"
#include "tool/trial_child.hpp"
#include "tool/try.hpp"
#include "tool/try_child.hpp"
#include "tool/try_job.hpp"
#include "tool/upgrade.hpp"
#include "tool/version.hpp"
#include "tool/watch.hpp"

namespace microhost::tool {
namespace {

// In the order of --help: what looks at a file, what runs one, what talks to a running instance.
constexpr Verb kVerbs[] = {
    {"inspect", "FILE [--json]", "say what a module is, without running any of it", inspect},
    {"check", "FILE|DIR... [--trial] [--strict] [--json] [--junit FILE]",
     "say whether modules would be loaded, and what is wrong with them", check},
    {"try", "FILE [--config JSON] [-X METHOD] [-H 'NAME: VALUE']... [-d TEXT] PATH",
     "show what a filter does with one request", try_filter},
    {"new", "plugin ID [--lang c|cpp|rust] [--dir DIR]",
     "make a plugin that builds and passes its own test", new_plugin},
    {"modules", "list|get|load|reload|unload ...", "the modules of a running instance",
     ask_instance},
    {"logs", "[-f] [--level LEVEL] [--module MODULE] [--text TEXT] ...",
     "the log of a running instance", ask_instance},
    {"top", "[--sort COLUMN] [--once] ...", "what a running instance does now", ask_instance},
    {"config", "get [POINTER] | check FILE",
     "show the configuration of an instance, or check a file", config_verb},
    {"publish", "TOPIC [MESSAGE|@FILE|-]", "publish a message in a running instance", publish},
    {"subscribe", "TOPIC ...", "show messages of a running instance", ask_instance},
    {"explain", "[METHOD] PATH [-H 'NAME: VALUE']... [--listener NAME] [--instance NAME]",
     "show the filters that a request passes, and why", explain},
    {"dev", "DIR [--instance NAME] [--once]",
     "build a plugin at every save and put it into what runs", dev},
    {"completion", "bash|zsh", "print what makes a shell complete commands, services and endpoints",
     completion},
    {kCompleteVerb, "", "", complete_line},
    {"doctor", "[--json]", "look for what keeps microhost from working here", doctor},
    {"upgrade", "[--instance NAME] [--release MODULE]",
     "have a supervised instance replace its worker by what is on disk", upgrade},
    {"version", "[--output json]", "print the version", version},
    {module::kTrialVerb, "", "", trial_child},
    {kTryVerb, "", "", try_child},
};

const Verb* find(std::string_view name) {
    const auto found = std::ranges::find(kVerbs, name, &Verb::name);
    return found == std::end(kVerbs) ? nullptr : &*found;
}

// Not ours: perhaps a command of a module, or of what runs on this machine.
constexpr Verb kCommand{{}, {}, {}, run_command};

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

int run_verb(const config::Scan& scan, const config::Surroundings& surroundings) {
    const Verb* verb = find(scan.verb);
    if (!verb) verb = &kCommand;
    if (const bool hidden = verb != &kCommand && verb->summary.empty(); !hidden)
        if (const auto status = watched(scan)) return *status;
    return verb->run({*verb, scan, surroundings});
}

std::string verbs_text(std::span<const Verb> table) {
    std::string out = "Verbs (microhost VERB --help says more)\n";
    for (const Verb& v : table)
        if (!v.summary.empty()) out += fmt::format("  {:<10} {}\n", v.name, v.summary);
    return out + "--watch [TIME] behind a command runs it again and again.\n";
}

}  // namespace microhost::tool
