// SPDX-License-Identifier: Apache-2.0
#include "module/bytes.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace microhost::module {

bool MemoryBytes::read(uint64_t at, void* out, size_t n) const {
    if (!holds(at, n)) return false;
    if (n) std::memcpy(out, bytes_.data() + at, n);
    return true;
}

bool FileBytes::read(uint64_t at, void* out, size_t n) const {
    if (!holds(at, n)) return false;
    auto* to = static_cast<char*>(out);
    while (n) {
        const ssize_t got = pread(fd_, to, n, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        to += got;
        at += static_cast<uint64_t>(got);
        n -= static_cast<size_t>(got);
    }
    return true;
}

}  // namespace microhost::module
