// SPDX-License-Identifier: Apache-2.0
#include "observe/sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace microhost::observe {
namespace {

constexpr int kPollMs = 100;

Result<int> open_for_append(const std::string& path) {
    // O_NONBLOCK only so that a FIFO without a reader is an error here and not a process that hangs
    // at start.
    const int fd = ::open(path.c_str(),
                          O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    if (fd < 0) return error("cannot open the log file {}: {}", path, std::strerror(errno));
    return fd;
}

}  // namespace

Sink::Sink(int fd, std::string path, bool owned) : fd_(fd), path_(std::move(path)), owned_(owned) {
    inspect();
}

Sink::Sink(Sink&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      owned_(std::exchange(other.owned_, false)),
      regular_(other.regular_),
      torn_(other.torn_) {}

Sink& Sink::operator=(Sink&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(path_, other.path_);
    std::swap(owned_, other.owned_);
    std::swap(regular_, other.regular_);
    std::swap(torn_, other.torn_);
    return *this;
}

Sink::~Sink() {
    if (owned_) ::close(fd_);
}

Result<Sink> Sink::open_file(std::string path) {
    const Result<int> fd = open_for_append(path);
    if (!fd) return fd.error();
    return Sink(*fd, std::move(path), true);
}

Sink Sink::borrow(int fd) { return Sink(fd, {}, false); }

void Sink::inspect() noexcept {
    struct stat status {};
    torn_ = false;
    regular_ = ::fstat(fd_, &status) == 0 && S_ISREG(status.st_mode);
}

bool Sink::terminal() const noexcept { return ::isatty(fd_) == 1; }

Result<void> Sink::reopen() {
    if (!owned_) return {};
    const Result<int> fd = open_for_append(path_);
    if (!fd) return fd.error();
    ::close(std::exchange(fd_, *fd));
    inspect();
    return {};
}

bool Sink::write(std::string_view bytes, const std::function<bool()>& give_up) noexcept {
    // After half a line the next one begins on its own, so that one full disk spoils one line and
    // not two.
    if (torn_ && !write_some("\n", give_up).empty()) return false;
    torn_ = false;
    const std::string_view rest = write_some(bytes, give_up);
    if (rest.empty()) return true;
    torn_ = rest.size() < bytes.size() && bytes[bytes.size() - rest.size() - 1] != '\n';
    return false;
}

std::string_view Sink::write_some(std::string_view bytes,
                                  const std::function<bool()>& give_up) noexcept {
    while (!bytes.empty()) {
        std::size_t piece = bytes.size();
        if (!regular_) {
            // A borrowed pipe cannot be made non-blocking (stderr is shared with the shell). But
            // once poll says writable, a pipe takes PIPE_BUF bytes without blocking, so that the
            // end of the process is never held up here.
            pollfd ready{fd_, POLLOUT, 0};
            const int n = ::poll(&ready, 1, kPollMs);
            if (n < 0 && errno != EINTR) return bytes;
            if (n <= 0) {
                if (give_up()) return bytes;
                continue;
            }
            piece = std::min<std::size_t>(piece, PIPE_BUF);
        }
        const ssize_t written = ::write(fd_, bytes.data(), piece);
        if (written < 0 && errno != EINTR && errno != EAGAIN) return bytes;
        if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return bytes;
}

}  // namespace microhost::observe
