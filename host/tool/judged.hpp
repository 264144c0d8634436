// SPDX-License-Identifier: Apache-2.0
/// What is said about the files that `microhost check` is given, one by one and together.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "module/check.hpp"
#include "module/trial.hpp"

namespace microhost::tool {

struct Judged {
    std::string path;
    module::CandidatePtr module;            ///< null when it was refused by itself
    std::string refusal;                    ///< one sentence that begins with the path, or empty
    std::vector<module::Finding> warnings;  ///< it may be loaded, but the author should know
    std::optional<module::Trial> trial;

    bool good() const { return refusal.empty(); }
    void refuse(std::string why) {
        if (refusal.empty()) refusal = std::move(why);
    }
};

/// The files, and those of the folders among them that are named *.so; each is looked at by itself. Runs none of their code.
std::vector<Judged> judge_files(std::span<const std::string> paths);

/// Refuses what cannot be loaded beside the others: a second file with the same id, requirements that neither they nor the
/// module path meet, circles.
void judge_together(std::vector<Judged>& files, const std::vector<std::string>& module_path);

/// Runs those that are good so far, each in a process of its own.
void judge_trials(std::vector<Judged>& files, const module::TrialOptions& options);

/// The results in JUnit's XML, as build servers read it.
std::string junit_of(std::span<const Judged> files);
std::string json_of(std::span<const Judged> files);
std::string text_of(std::span<const Judged> files);

}  // namespace microhost::tool
