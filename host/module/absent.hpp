// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "module/check.hpp"

namespace microhost::module {

/// A module that lies where it should run, and does not: what it guards is not left open.
struct AbsentModule {
    CandidatePtr candidate;
    std::string reason;

    const std::string& id() const { return candidate->id(); }
};

}  // namespace microhost::module
