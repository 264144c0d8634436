// SPDX-License-Identifier: Apache-2.0
/// The process that owns a node: is it the one that wrote the file, and does it still run?
#pragma once

#include "registry/fd.hpp"

#include <sys/types.h>

#include <ctime>
#include <optional>

namespace microhost::registry {

/// Nanoseconds since 1970, as the times of files are.
using WallTime = int64_t;

inline WallTime wall_time(const timespec& t) { return t.tv_sec * 1'000'000'000 + t.tv_nsec; }
WallTime wall_now();

struct OwnerCheck {
    enum class State {
        running,
        gone,
        unwatched,  // runs, but there is no descriptor left to watch it: ask again now and then
    } state;
    Fd pidfd;  // readable as soon as the process has ended; with `running` only
};

/// Opens a pidfd. A process that began after its file was last touched is another one that got the
/// same number: gone. (Two seconds of tolerance: /proc rounds. Later no check is needed, because a
/// pidfd never changes its process.)
OwnerCheck check_owner(pid_t pid, WallTime file_touched);

}  // namespace microhost::registry
