// SPDX-License-Identifier: Apache-2.0
#include "registry/owner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>

namespace microhost::registry {
namespace {

constexpr WallTime kTolerance = 2'000'000'000;

std::string read_proc(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text(4096, '\0');
    const ssize_t n = file ? ::read(file.get(), text.data(), text.size()) : 0;
    text.resize(n > 0 ? static_cast<size_t>(n) : 0);
    return text;
}

/// Since boot, or nothing where /proc tells nothing. Field 22 of proc(5) stat; the second field, a
/// name in parentheses, may itself contain anything.
std::optional<WallTime> started_since_boot(pid_t pid) {
    const std::string stat = read_proc(fmt::format("/proc/{}/stat", pid));
    const size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::string_view rest = std::string_view(stat).substr(name_end + 1);
    for (int field = 2; field < 22; ++field) {
        const size_t space = rest.find(' ');
        if (space == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(space + 1);
    }
    int64_t ticks = 0;
    if (std::from_chars(rest.data(), rest.data() + rest.size(), ticks).ec != std::errc{}) {
        return std::nullopt;
    }
    return ticks * (1'000'000'000 / ::sysconf(_SC_CLK_TCK));
}

bool began_after(pid_t pid, WallTime moment) {
    const auto started = started_since_boot(pid);
    if (!started) return false;
    timespec since_boot{};
    ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
    const WallTime age = wall_time(since_boot) - *started;
    return wall_now() - age > moment + kTolerance;
}

bool has_ended(int pidfd) {
    pollfd p{pidfd, POLLIN, 0};
    return ::poll(&p, 1, 0) > 0;
}

}  // namespace

WallTime wall_now() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return wall_time(now);
}

OwnerCheck check_owner(pid_t pid, WallTime file_touched) {
    using State = OwnerCheck::State;
    Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd) {
        const bool no_process =
            errno == ESRCH || errno == EINVAL;  // EINVAL: a thread, not a process
        const bool alive = !no_process && (::kill(pid, 0) == 0 || errno == EPERM);
        return {alive && !began_after(pid, file_touched) ? State::unwatched : State::gone, {}};
    }
    if (has_ended(fd.get()) || began_after(pid, file_touched)) return {State::gone, {}};
    return {State::running, std::move(fd)};
}

}  // namespace microhost::registry
