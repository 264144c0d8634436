// SPDX-License-Identifier: Apache-2.0
/// Access filters of the plugin directory outlive their files: who deletes one, or puts rubbish in its place, must not open the
/// door by the next start. STATE/guards/FOLDER/ID.so is a copy of each that guards requests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "module/check.hpp"
#include "result.hpp"

namespace microhost::module {

/// Thread: main. It blocks on the disk.
class GuardRecord {
  public:
    /// Of the plugin directory of this process; others with the same state directory have records of their own.
    GuardRecord(std::string_view state_dir, std::string_view plugin_dir);

    std::string path(std::string_view id) const;
    /// Errors: the state directory cannot be written.
    Result<> keep(const Candidate& module) const;
    void forget(std::string_view id) const;
    /// What can still be understood.
    std::vector<CandidatePtr> list() const;

  private:
    std::string folder_;
};

}  // namespace microhost::module
