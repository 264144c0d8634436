// SPDX-License-Identifier: Apache-2.0
#include "module/trial.hpp"

namespace microhost::module {

Result<Trial> try_module(const std::string& path, const TrialOptions& options) {
    ChildOptions child;
    child.program = options.program;
    child.args = {kTrialVerb, path, std::to_string(options.limit.count())};
    if (options.checked) child.args.push_back(kCheckedConfig);
    child.input = options.config;
    child.limit = options.limit;
    auto end = run_child(child);
    if (!end) return end.error().context(path);
    Trial t;
    t.outcome = end->outcome();
    t.reason = end->trouble();
    // What it refuses itself has the name already.
    if (!t.reason.empty() && !t.reason.starts_with(path + ": ")) t.reason.insert(0, path + ": ");
    t.stage = end->last("stage");
    t.untried = end->last("untried");
    for (const auto& [word, text] : end->told)
        if (const auto colon = text.find(": "); word == "finding" && colon != text.npos)
            t.findings.push_back({text.substr(0, colon), text.substr(colon + 2)});
    t.output = std::move(end->output);
    t.took = end->took;
    return t;
}

Result<> trial_load(const std::string& path, const TrialOptions& options) {
    auto trial = try_module(path, options);
    if (!trial) return trial.error();
    if (trial->outcome != Outcome::passed) return Error{trial->reason};
    return {};
}

}  // namespace microhost::module
