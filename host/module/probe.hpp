// SPDX-License-Identifier: Apache-2.0
/// Whether a pointer that a module handed out leads anywhere at all.
#pragma once

#include <cstddef>

namespace microhost::module {

/// True when `n` (at most 4096) bytes at `p` can be read. A system call: for start-up, not for requests.
bool is_readable(const void* p, size_t n);

}  // namespace microhost::module
