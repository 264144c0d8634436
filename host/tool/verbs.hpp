// SPDX-License-Identifier: Apache-2.0
/// The table of verbs: what `microhost VERB ...` does instead of serving.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/scan.hpp"
#include "config/surroundings.hpp"

namespace microhost::tool {

struct Verb;
struct Remote;

/// What a verb is given. All of it lives until the process ends.
struct Arguments {
    const Verb& verb;
    const config::Scan&
        scan;  ///< `args` are the words behind the verb, `flags` and `config` those before it
    const config::Surroundings& surroundings;
    const Remote* remote = nullptr;  ///< what a command works on; null: this machine
    /// --remote and what belongs to it as words again, which are in `scan` no more: for a process that is to work on the same.
    std::vector<std::string> remote_flags{};

    /// The verb and what stands behind it.
    std::vector<std::string> words() const;
};

/// What a verb looks at, which decides what --remote means for it.
enum class Reach : uint8_t {
    files,     ///< files of this machine, or a process that it starts
    instance,  ///< what runs on this machine, in ways of its own
    anywhere   ///< a command: of this machine, or of a remote environment
};

struct Verb {
    std::string_view name;
    std::string_view usage;  ///< what comes behind the name: "FILE [--json]"
    std::string_view
        summary;  ///< one line for --help; empty: a verb of the program itself, not listed
    int (*run)(
        const Arguments&);  ///< answers the exit status: 0, 1 "the answer is no", 2 "wrongly asked"
    Reach reach = Reach::files;
};

std::span<const Verb> verbs();

/// Runs the verb that `scan` names. An unknown one is exit status 2 and one line on standard error.
int run_verb(const config::Scan& scan, const config::Surroundings& surroundings);

/// The part of --help that lists the verbs.
std::string verbs_text(std::span<const Verb> table = verbs());

}  // namespace microhost::tool
