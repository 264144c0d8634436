// SPDX-License-Identifier: Apache-2.0
/// Modules that crashed the worker again and again: STATE/quarantine.json names them, and no worker loads them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "module/absent.hpp"
#include "result.hpp"

namespace microhost::supervise {

struct Quarantined {
    std::string module, version;
    std::string build;  ///< module::Verdicts::key of the file: other bytes are not meant
    std::string reason, since;
};

/// The file is read and written whole; several processes may do so. Thread: any, one at a time; it blocks on the disk.
class Quarantine {
  public:
    explicit Quarantine(std::string state_dir) : folder_(std::move(state_dir)) {}

    std::string path() const { return folder_ + "/quarantine.json"; }
    /// No file: nothing is in quarantine. Errors: a file that cannot be understood.
    Result<std::vector<Quarantined>> list() const;
    /// Replaces what is known of that module.
    Result<> add(const Quarantined& q) const;
    /// False: it was not in quarantine.
    Result<bool> release(std::string_view module) const;

  private:
    Result<> write(const std::vector<Quarantined>& all) const;
    std::string folder_;
};

/// Takes those out of `modules` that must not be loaded, and those that need them. A module that is in quarantine with
/// other bytes than the file has now is released.
Result<std::vector<module::AbsentModule>> hold_back(std::vector<module::CandidatePtr>& modules,
                                                    const Quarantine& quarantine);

}  // namespace microhost::supervise
