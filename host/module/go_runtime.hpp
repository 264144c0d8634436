// SPDX-License-Identifier: Apache-2.0
/// Modules with a Go runtime inside. A process bears one of them: the one that starts last takes the signal with which the others
/// stop their goroutines, and a goroutine that computes then keeps its collector, and every request that enters Go, waiting for
/// ever (seen with Go 1.19: a request that collects beside `for {}` never ends once a second runtime is there).
#pragma once

#include <string_view>

#include "module/check.hpp"
#include "result.hpp"

namespace microhost::module {

struct Environment;

/// The sentence that refuses `c` where module `other` has brought the runtime.
Error second_go_runtime(const Candidate& c, std::string_view other);

/// Before `c` is opened: refuses the second, says of the first that it stays. Nothing for modules without a Go runtime.
/// Thread: main.
Result<> enter_go_runtime(Environment& environment, const Candidate& c);

}  // namespace microhost::module
