// SPDX-License-Identifier: Apache-2.0
/// From names to checked files in the order in which they must be loaded.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "module/check.hpp"
#include "module/host_interface.hpp"
#include "result.hpp"

namespace microhost::module {

/// Runs no code of any module. Thread: main; it blocks on the disk.
class Loader {
  public:
    Loader(std::vector<std::string> module_path, const InterfaceTable& interfaces)
        : module_path_(std::move(module_path)), interfaces_(interfaces) {}

    /// Finds and checks one file.
    Result<CandidatePtr> inspect(std::string_view name) const;

    /// The named modules and those that they require by "module:ID", each once, dependencies first, else in the order given.
    /// Errors are one sentence each: not found, refused, requirement not met, two files with one id, a circle.
    Result<std::vector<CandidatePtr>> plan(std::span<const std::string> names) const {
        return plan(names, {});
    }
    /// The same; of a file that was checked before, `known` has what is taken for it.
    Result<std::vector<CandidatePtr>> plan(std::span<const std::string> names,
                                           std::span<const CandidatePtr> known) const;

  private:
    struct Plan;
    Result<> collect(Plan& plan, std::string_view name, const Candidate* for_whom) const;
    Result<> order(Plan& plan, size_t at) const;
    Result<std::vector<size_t>> dependencies(const Plan& plan, const Candidate& of) const;

    std::vector<std::string> module_path_;
    const InterfaceTable& interfaces_;
};

}  // namespace microhost::module
