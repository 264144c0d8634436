// SPDX-License-Identifier: Apache-2.0
/// A trial: a module is taken through its life in a child process, so that what goes wrong goes wrong there.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "module/child.hpp"
#include "result.hpp"

namespace microhost::module {

struct TrialOptions {
    std::chrono::milliseconds limit{4000};  ///< for all of it
    std::string config;  ///< the module's section as JSON; empty: what its schema has as defaults
    /// `config` is complete and was checked: what a filter's instances must have is not missed in the section.
    bool checked = false;
    std::string program = "/proc/self/exe";  ///< a microhost; the child runs its verb kTrialVerb
};

/// Something that the module left behind or changed for the whole process.
struct Finding {
    std::string name;  ///< "threads", "signal handlers", "descriptors", ...
    std::string text;  ///< a sentence
};

struct Trial {
    Outcome outcome = Outcome::passed;
    std::string reason;   ///< one sentence with the file's name; empty when it passed
    std::string stage;    ///< the last that it reached: "constructors", "create()", ...
    std::string untried;  ///< why it was not taken further than its constructors, or empty
    std::vector<Finding> findings;
    std::string output;  ///< the end of what the child wrote, its log among it
    std::chrono::milliseconds took{0};
};

/// Constructors, create(), start(), shards, destroy(), destructors. Blocks for `limit` at most, and ends the child and what
/// it started. Thread: any; nothing of the calling process is forked. Errors: the child cannot be started.
Result<Trial> try_module(const std::string& path, const TrialOptions& options = {});

/// The same for a loader: success when it passed, whatever it left behind, else the reason.
Result<> trial_load(const std::string& path, const TrialOptions& options = {});

constexpr const char* kCheckedConfig = "checked";  ///< its third word, with TrialOptions::checked
constexpr const char* kTrialVerb = "trial-child";  ///< of the child (host/tool/trial_child.cpp)

}  // namespace microhost::module
