// SPDX-License-Identifier: Apache-2.0
/// Asks for memory before it is needed, so that the processor fetches it while something else is done.
#pragma once

#include <cstddef>
#include <cstdint>

namespace microhost {

constexpr size_t kCacheLine = 64;

/// The lines that `bytes` from p on lie in. Harmless for any address, null included.
inline void prefetch(const void* p, size_t bytes) {
    const auto at = reinterpret_cast<uintptr_t>(p);
    for (size_t i = 0; i < bytes; i += kCacheLine)
        __builtin_prefetch(reinterpret_cast<const void*>(at + i), 1);
}

}  // namespace microhost
