// SPDX-License-Identifier: Apache-2.0
#include "tool/verbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "module/trial.hpp"
#include "tool/check.hpp"
#include "tool/command_line.hpp"
#include "tool/completion.hpp"
#include "tool/config_check.hpp"
#include "tool/dev.hpp"
#include "tool/doctor.hpp"
#include "tool/env.hpp"
#include "tool/explain.hpp"
#include "tool/here.hpp"
#include "tool/inspect.hpp"
#include "tool/instance.hpp"
#include "tool/new.hpp"
#include "tool/passwd.hpp"
#include "tool/remote.hpp"
#include "tool/remotes.hpp"
#include "tool/token.hpp"
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
     ask_instance, Reach::anywhere},
    {"logs", "[-f] [--level LEVEL] [--module MODULE] [--text TEXT] ...",
     "the log of a running instance", ask_instance, Reach::anywhere},
    {"top", "[--sort COLUMN] [--once] ...", "what a running instance does now", ask_instance,
     Reach::anywhere},
    {"config", "get [POINTER] | check FILE",
     "show the configuration of an instance, or check a file", config_verb, Reach::anywhere},
    {"publish", "TOPIC [MESSAGE|@FILE|-]", "publish a message in a running instance", ask_instance,
     Reach::anywhere},
    {"subscribe", "TOPIC ...", "show messages of a running instance", ask_instance,
     Reach::anywhere},
    {"explain", "[METHOD] PATH [-H 'NAME: VALUE']... [--listener NAME] [--instance NAME]",
     "show the filters that a request passes, and why", explain, Reach::instance},
    {"dev", "DIR [--instance NAME] [--once]",
     "build a plugin at every save and put it into what runs", dev},
    {"completion", "bash|zsh", "print what makes a shell complete commands, services and endpoints",
     completion},
    {kCompleteVerb, "", "", complete_line},
    {"doctor", "[--json]", "look for what keeps microhost from working here", doctor},
    {"upgrade", "[--instance NAME] [--release MODULE]",
     "have a supervised instance replace its worker by what is on disk", upgrade, Reach::instance},
    {"version", "[--output json]", "print the version", version},
    {"env", "list|add|use|remove|show ...", "the remote environments that have a name",
     environment},
    {"token", "new [--role ROLE] [--name NAME]", "make a token for a proxy", token},
    {"passwd", "[--user NAME] [--role ROLE] FILE", "put a user and a password into a htpasswd file",
     passwd},
    {module::kTrialVerb, "", "", trial_child},
    {kTryVerb, "", "", try_child},
};

const Verb* find(std::string_view name) {
    const auto found = std::ranges::find(kVerbs, name, &Verb::name);
    return found == std::end(kVerbs) ? nullptr : &*found;
}

// Not ours: perhaps a command of a module, or of what runs on this machine.
constexpr Verb kCommand{{}, {}, {}, run_command, Reach::anywhere};

int refuse_remote(const Verb& verb, std::string_view why) {
    return refuse(fmt::format("{} {}", verb.name, why));
}

/// A command, where it is to run.
int run_anywhere(const Verb& verb, config::Scan scan, RemoteFlags flags,
                 const config::Surroundings& surroundings) {
    if (auto ok = flags.take(scan.args); !ok) return refuse(ok.error().what);
    const auto remote = find_remote(flags, surroundings);
    if (!remote) return refuse(remote.error().what);
    return verb.run({verb, scan, surroundings, *remote ? &**remote : nullptr, flags.words()});
}

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

int run_verb(const config::Scan& scan, const config::Surroundings& surroundings) {
    const Verb* verb = find(scan.verb);
    if (!verb) verb = &kCommand;
    if (const bool hidden = verb != &kCommand && verb->summary.empty(); !hidden)
        if (const auto status = watched(scan)) return *status;
    config::Scan own = scan;
    RemoteFlags flags;
    if (auto ok = flags.take(own.flags); !ok) return refuse(ok.error().what);
    if (verb->reach == Reach::anywhere) return run_anywhere(*verb, own, flags, surroundings);
    const bool local = !flags.remote || *flags.remote == kLocal;
    if (!local && !verb->summary.empty())
        return refuse_remote(*verb, "works on this machine: leave --remote out");
    if (verb->reach == Reach::instance && !flags.remote) {
        const auto chosen = find_remote(flags, surroundings);
        if (!chosen) return refuse(chosen.error().what);
        if (*chosen)
            return refuse_remote(*verb, fmt::format("works on this machine, and {} is in use: say "
                                                    "--remote local before it",
                                                    (*chosen)->target.shown));
    }
    return verb->run({*verb, own, surroundings});
}

std::string verbs_text(std::span<const Verb> table) {
    std::string out = "Verbs (microhost VERB --help says more)\n";
    for (const Verb& v : table)
        if (!v.summary.empty()) out += fmt::format("  {:<10} {}\n", v.name, v.summary);
    out += "--watch [TIME] behind a command runs it again and again.\n";
    out += "With --remote URL|NAME a command runs there, through its proxy.so\n";
    return out;
}

std::vector<std::string> Arguments::words() const {
    std::vector<std::string> out{scan.verb};
    out.insert(out.end(), scan.args.begin(), scan.args.end());
    return out;
}

}  // namespace microhost::tool
