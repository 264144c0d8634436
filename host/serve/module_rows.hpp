// SPDX-License-Identifier: Apache-2.0
/// The listing of what is loaded, for operators.
#pragma once

#include <vector>

#include "module/absent.hpp"
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

/// The row of a module that is left out.
module::ModuleRow absent_row(const module::AbsentModule& a, module::ModuleState state);

}  // namespace microhost::serve
