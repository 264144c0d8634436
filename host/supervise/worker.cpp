// SPDX-License-Identifier: Apache-2.0
#include "supervise/worker.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "supervise/link.hpp"

namespace microhost::supervise {
namespace {

constexpr int kFirst = 3;  // sd_listen_fds(3)

// The names of listeners may have the character that separates them; a listener of such a name opens its port anew.
std::string names_of(const std::vector<Kept>& kept) {
    std::string out;
    for (const Kept& k : kept) {
        if (&k != &kept.front()) out += ':';
        if (k.name.find(':') == k.name.npos) out += k.name;
    }
    return out;
}

/// Puts descriptors to 3, 4, ... in that order. First all of them out of the way: they may lie in each other's place.
bool arrange(std::vector<int> fds) {
    const int above = kFirst + static_cast<int>(fds.size());
    for (int& fd : fds)
        if ((fd = ::fcntl(fd, F_DUPFD_CLOEXEC, above)) < 0) return false;
    for (size_t i = 0; i < fds.size(); i++)
        if (::dup2(fds[i], kFirst + static_cast<int>(i)) < 0) return false;
    return true;
}

/// The child: only what is legal between fork and exec of a process with one thread.
[[noreturn]] void become(const Recipe& recipe, const std::vector<Kept>& kept, int channel,
                         int failed, bool overlaps) {
    const pid_t parent = ::getppid();
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", std::to_string(kept.size()).c_str(), 1);
    ::setenv("LISTEN_FDNAMES", names_of(kept).c_str(), 1);
    const int at = kFirst + static_cast<int>(kept.size());
    ::setenv(kVariable,
             fmt::format("{} {} {} {}", at, parent, overlaps ? 1 : 0, recipe.folder).c_str(), 1);
    ::unsetenv("NOTIFY_SOCKET");  // its readiness is the supervisor's to tell
    std::vector<int> fds;
    for (const Kept& k : kept) fds.push_back(k.fd);
    fds.push_back(channel);
    // The way to tell a failed exec must not be overwritten either.
    failed = ::fcntl(failed, F_DUPFD_CLOEXEC, at + 1);
    std::vector<char*> argv;
    for (const std::string& a : recipe.arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    if (arrange(std::move(fds))) ::execv(recipe.program.c_str(), argv.data());
    const int e = errno;
    [[maybe_unused]] const ssize_t n = ::write(failed, &e, sizeof e);
    ::_exit(127);
}

Error system_error(const char* what) { return error("{}: {}", what, std::strerror(errno)); }

}  // namespace

Result<std::unique_ptr<Worker>> Worker::start(const Recipe& recipe, const std::vector<Kept>& kept,
                                              bool overlaps, uint64_t now_ms) {
    std::array<int, 2> channel, failed;
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel.data()) != 0)
        return system_error("socketpair");
    if (::pipe2(failed.data(), O_CLOEXEC) != 0) {
        for (const int fd : channel) ::close(fd);
        return system_error("pipe");
    }
    const pid_t pid = ::fork();
    if (pid == 0) become(recipe, kept, channel[1], failed[1], overlaps);
    const int e = errno;
    ::close(channel[1]);
    ::close(failed[1]);
    int why = pid < 0 ? e : 0;
    if (pid > 0 && ::read(failed[0], &why, sizeof why) > 0) ::waitpid(pid, nullptr, 0);
    ::close(failed[0]);
    if (why == 0) return std::unique_ptr<Worker>(new Worker(pid, channel[0], now_ms));
    ::close(channel[0]);
    return error("{} cannot be started: {}", recipe.program, std::strerror(why));
}

Worker::~Worker() {
    close_all(sockets);
    hang_up();
}

void Worker::hang_up() {
    if (channel_ >= 0) ::close(channel_);
    channel_ = -1;
}

void Worker::kill(int number) const { ::kill(pid_, number); }

void close_all(std::vector<Kept>& sockets) {
    for (const Kept& k : sockets) ::close(k.fd);
    sockets.clear();
}

}  // namespace microhost::supervise
