// SPDX-License-Identifier: Apache-2.0
/// The listing of what is loaded, for operators.
#pragma once

#include <vector>

#include "module/operations.hpp"

namespace microhost::module {
class ModuleSet;
}
namespace microhost::observe {
class Metrics;
}

namespace microhost::serve {

/// A row for each generation that is mapped. Thread: main.
std::vector<module::ModuleRow> module_rows(const module::ModuleSet& modules,
                                           const observe::Metrics& metrics);

}  // namespace microhost::serve
