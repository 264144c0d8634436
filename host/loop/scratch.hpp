// SPDX-License-Identifier: Apache-2.0
/// Room that a thread uses within one call and again in the next.
#pragma once

#include <cstddef>
#include <memory>

namespace microhost {

/// Made at the first use: what is thread_local itself is zeroed for every thread that starts, used or not. Each `Tag` has its own.
template <class Tag, size_t kSize>
char* scratch() {
    static thread_local const std::unique_ptr<char[]> room(new char[kSize]);
    return room.get();
}

}  // namespace microhost
