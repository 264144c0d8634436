// SPDX-License-Identifier: Apache-2.0
#include "net/stdio.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace microhost::net {
namespace {

std::atomic<bool> taken{false};

enum class Kind { none, stream, file };  // file: always ready, and refused by epoll

Kind kind_of(int fd) {
    struct stat s {};
    if (::fstat(fd, &s) != 0) return Kind::none;
    if (S_ISFIFO(s.st_mode) || S_ISSOCK(s.st_mode)) return Kind::stream;
    return S_ISCHR(s.st_mode) && ::isatty(fd) ? Kind::stream : Kind::file;
}

// O_NONBLOCK belongs to the open file, which the shell and other programs share: a pipe or a terminal is opened once more.
// Where that is refused, what is read and written is asked for first.
int own(int fd, int flags) {
    char path[40];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (kind_of(fd) == Kind::stream) {
        const int fresh = ::open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (fresh >= 0) return fresh;
    }
    return ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

bool ready(int fd, short events) {
    pollfd p{fd, events, 0};
    return ::poll(&p, 1, 0) == 1;
}

bool blocks(int fd) { return !(::fcntl(fd, F_GETFL) & O_NONBLOCK); }

}  // namespace

std::unique_ptr<Stdio> Stdio::open() {
    if (taken.exchange(true)) {
        errno = EEXIST;
        return nullptr;
    }
    std::unique_ptr<Stdio> s(new Stdio);
    s->in_ = own(STDIN_FILENO, O_RDONLY);
    s->out_ = own(STDOUT_FILENO, O_WRONLY);
    if (s->in_ < 0 || s->out_ < 0) {
        s.reset();
        errno = EBADF;
        return nullptr;
    }
    s->poll_in_ = kind_of(s->in_) == Kind::stream;
    s->poll_out_ = kind_of(s->out_) == Kind::stream;
    s->terminal_ = ::isatty(s->in_);
    return s;
}

Stdio::~Stdio() {
    for (const int fd : {in_, out_})
        if (fd >= 0) ::close(fd);
    taken = false;
}

ssize_t Stdio::read(void* p, size_t n) {
    // In the background of a terminal, the system would stop the process for it.
    const pid_t foreground =
        terminal_ ? ::tcgetpgrp(in_) : -1;  // -1 too: it is not that which controls us
    if (foreground > 0 && foreground != ::getpgrp()) return -EAGAIN;
    if (poll_in_ && blocks(in_) && !ready(in_, POLLIN)) return -EAGAIN;
    const ssize_t got = ::read(in_, p, n);
    if (got < 0 && errno == EIO && terminal_) return 0;  // it was hung up
    return got >= 0 ? got : -errno;
}

ssize_t Stdio::write(std::string_view bytes) {
    if (out_ < 0) return -EPIPE;
    if (poll_out_ && blocks(out_)) {
        if (!ready(out_, POLLOUT)) return -EAGAIN;
        bytes = bytes.substr(0, 512);  // less than a pipe that is ready takes
    }
    const ssize_t sent = ::write(out_, bytes.data(), bytes.size());
    return sent >= 0 ? sent : -errno;
}

void Stdio::shutdown_write() {
    if (out_ >= 0) ::close(std::exchange(out_, -1));
    poll_out_ = false;
}

}  // namespace microhost::net
