// SPDX-License-Identifier: Apache-2.0
#include "tool/line_process.hpp"

#include <poll.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <utility>

namespace microhost::tool {
namespace {

constexpr int kPatienceMs = 1000;  // for one that was asked to end

std::atomic<pid_t> running{0};
static_assert(std::atomic<pid_t>::is_always_lock_free, "a signal handler reads it");
struct sigaction our_own, our_quit;

// The terminal's SIGINT has reached the child as well; that of a person or a program with our pid has not.
void pass_on(int number, siginfo_t* info, void*) {
    const int before = errno;
    const pid_t pid = running;
    if (pid > 0 && info->si_code <= 0) ::kill(pid, number);
    errno = before;
}

void hand_over_interrupts() {
    struct sigaction handler {};
    handler.sa_sigaction = pass_on;
    handler.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&handler.sa_mask);
    ::sigaction(SIGINT, &handler, &our_own);
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGQUIT, &ignore, &our_quit);
}

void take_interrupts_back() {
    running = 0;
    ::sigaction(SIGINT, &our_own, nullptr);
    ::sigaction(SIGQUIT, &our_quit, nullptr);
}

}  // namespace

LineProcess::LineProcess(boost::asio::io_context& io, std::function<void(int)> on_end)
    : watch_(io), on_end_(std::move(on_end)) {}

int LineProcess::start(const std::string& program, const std::vector<std::string>& args) {
    std::fflush(nullptr);  // what was said before stands before
    hand_over_interrupts();
    Spawned child = spawn_beside(program, args);
    if (!child) return take_interrupts_back(), child.problem;
    running = pid_ = child.pid;
    watch_.assign(child.ended.release());
    watch_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [weak = weak_from_this()](const boost::system::error_code& ec) {
                          if (const auto self = weak.lock(); self && !ec) self->ended();
                      });
    return 0;
}

void LineProcess::signal(int number) {
    if (pid_ <= 0) return;
    asked_ = true;
    ::kill(pid_, number);
}

int LineProcess::collect() {
    take_interrupts_back();
    const int status = reap(std::exchange(pid_, -1));
    mode_.restore();
    return status;
}

void LineProcess::ended() {
    const int status = collect();
    on_end_(status);
}

LineProcess::~LineProcess() {
    if (pid_ <= 0) return;
    if (!asked_) ::kill(pid_, SIGTERM);
    pollfd end{watch_.native_handle(), POLLIN, 0};
    if (::poll(&end, 1, kPatienceMs) <= 0) ::kill(pid_, SIGKILL);
    collect();
}

}  // namespace microhost::tool
