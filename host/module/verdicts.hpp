// SPDX-License-Identifier: Apache-2.0
/// What trials said, kept in the state directory, so that a file that has passed is not tried at every start.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "module/file.hpp"
#include "module/trial.hpp"
#include "result.hpp"

namespace microhost::module {

/// One small file for each verdict, named after what was tried: the module's bytes, this host's version, the configuration.
/// Several processes may share the folder. Thread: any, one at a time; it blocks on the disk.
class Verdicts {
  public:
    /// `state_dir` empty: nothing is kept.
    explicit Verdicts(const std::string& state_dir)
        : folder_(state_dir.empty() ? "" : state_dir + "/verdicts") {}

    /// trial_load(), or what it answered before for the same bytes and configuration. A trial that ran out of time is not
    /// remembered, for the machine may have been busy.
    Result<> trial_load(const File& file, const TrialOptions& options = {}) const;

    /// SHA-256 over the file and `with`, in hexadecimal digits.
    static Result<std::string> key(const File& file, std::string_view with);
    /// Empty: nothing is known. Reasons come without the file's name.
    std::optional<Result<>> find(const std::string& key) const;
    /// What cannot be written is tried again another time.
    void remember(const std::string& key, std::string_view reason) const;

  private:
    void prune() const;
    std::string folder_;
};

}  // namespace microhost::module
