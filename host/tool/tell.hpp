// SPDX-License-Identifier: Apache-2.0
/// The child's side of host/module/child.hpp: what it tells its parent, and what keeps it in bounds.
#pragma once

#include <string>
#include <string_view>

namespace microhost::tool {

/// One line for the parent. Ends the process when the module has closed the descriptor.
void tell(std::string_view word, std::string_view text = {});
inline void stage(std::string_view name) { tell("stage", name); }

/// Tells "done", and "refused" before it where there is a reason. Without destructors: what is left of the module could run
/// into them.
[[noreturn]] void finish(std::string_view refused = {});

/// Nothing of the parent but what was meant, and an end even when the parent is gone.
void fence(long limit_ms);

}  // namespace microhost::tool
