// SPDX-License-Identifier: Apache-2.0
// How workers end, by themselves or because they hang, and who comes after them.
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <ctime>

#include "loop/loop.hpp"
#include "supervise/quarantine.hpp"
#include "supervise/supervisor.hpp"

namespace microhost::supervise {
namespace {

constexpr uint64_t kQuickMs = 5'000;  // who ends sooner is started again with a delay
constexpr uint64_t kFirstDelayMs = 100, kMostDelayMs = 30'000;
constexpr uint64_t kStartMs = 60'000;  // a worker that is to replace another one is ready by then
constexpr uint64_t kAbortMs = 5'000;   // for a core dump
constexpr uint64_t kLookMs = 200;
constexpr uint64_t kShortestHangMs = 1'000;  // some signs of life may be late

std::string how_it_ended(int status) {
    if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
    return fmt::format("exit status {}", WEXITSTATUS(status));
}

std::string today() {
    std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

Error failure_of(const Worker& w, int status) {
    if (!w.failure.empty()) return Error{w.failure};
    return error("the new worker ended before it was ready ({})", how_it_ended(status));
}

}  // namespace

void Supervisor::bury() {
    int status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        auto it = std::find_if(workers_.begin(), workers_.end(),
                               [pid](const auto& w) { return w->pid() == pid; });
        if (it == workers_.end()) continue;
        std::unique_ptr<Worker> w = std::move(*it);
        workers_.erase(it);
        hear(*w);  // its last words
        folder_.drop_module_cache(pid);
        on_end(*w, status);
    }
}

void Supervisor::on_end(Worker& w, int status) {
    const bool crashed = WIFSIGNALED(status);
    if (crashed)
        log_.error(w.aborted_ms ? "a worker hung and was ended" : "a worker crashed",
                   {{"worker", w.pid()},
                    {"how", how_it_ended(status)},
                    {"module", w.crash.field(0)},
                    {"hook", w.crash.field(3)}});
    else
        log_.info("a worker ended", {{"worker", w.pid()}, {"how", how_it_ended(status)}});
    if (!w.crash.verb.empty()) count_crash(w);
    if (&w == next_) {
        end_upgrade(failure_of(w, status));
        next_ = nullptr;
    } else if (&w == current_) {
        current_ended(w, status);
    }
}

void Supervisor::current_ended(Worker& w, int status) {
    current_ = nullptr;
    if (stopping_) {
        if (status_ == 0)
            status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return;
    }
    if (!was_ready_ && WIFEXITED(status)) {  // a mistake of the operator, told on stderr
        status_ = WEXITSTATUS(status);
        stopping_ = true;
        return;
    }
    if (next_) {  // it is on its way already
        current_ = std::exchange(next_, nullptr);
        return;
    }
    if (!waiting_.empty()) end_upgrade(failure_of(w, status));
    const uint64_t now = now_ms();
    quick_ends_ = now - w.started_ms < kQuickMs ? quick_ends_ + 1 : 0;
    const unsigned doublings = quick_ends_ < 2 ? 0 : std::min(quick_ends_ - 2, 20u);
    const uint64_t delay = quick_ends_ < 2 ? 0 : std::min(kMostDelayMs, kFirstDelayMs << doublings);
    if (delay) log_.warn("workers end soon after their start; the next one waits", {{"ms", delay}});
    restart_ms_ = now + delay;
}

void Supervisor::count_crash(const Worker& w) {
    const std::string &module = w.crash.field(0), &build = w.crash.field(2);
    if (module.empty() || build.empty()) return;
    if (!crashes_.add(module, build, now_ms())) return;
    Quarantined q{module, w.crash.field(1), build, {}, today()};
    q.reason = fmt::format("it crashed the worker {} times within {} s, last in {} with {}",
                           host_.quarantine_crashes, host_.quarantine_window.count() / 1000,
                           w.crash.field(3).empty() ? "a thread of its own" : w.crash.field(3),
                           w.crash.field(4));
    const Quarantine quarantine(host_.state_dir);
    if (Result<> r = quarantine.add(q); !r)
        return log_.error("a module should be in quarantine and is not",
                          {{"module", module}, {"reason", r.error().what}});
    quick_ends_ = 0;  // the reason is gone
    log_.error(
        "a module is in quarantine: it is not loaded until its file changes or it is released",
        {{"module", module}, {"reason", q.reason}, {"file", quarantine.path()}});
}

uint64_t Supervisor::patience(uint64_t now) const {
    if (!restart_ms_) return kLookMs;
    return restart_ms_ <= now ? 0 : std::min(kLookMs, restart_ms_ - now);
}

void Supervisor::look_at_clock() {
    const uint64_t now = now_ms();
    for (auto& w : workers_) check(*w, now);
    if (!restart_ms_ || restart_ms_ > now) return;
    restart_ms_ = 0;
    if (Result<> r = start_worker(false); !r) {
        log_.error("no worker can be started", {{"reason", r.error().what}});
        restart_ms_ = now + kMostDelayMs;
    }
}

void Supervisor::check(Worker& w, uint64_t now) {
    if (w.aborted_ms) {
        if (now - w.aborted_ms > kAbortMs) w.kill(SIGKILL);
        return;
    }
    const auto wanted = static_cast<uint64_t>(host_.hang_timeout.count());
    const uint64_t limit = wanted ? std::max(wanted, kShortestHangMs) : 0;
    const uint64_t silent = w.heard_ms ? now - w.heard_ms : 0;
    const bool hangs = limit && (w.stall_ms >= limit || silent >= limit);
    const bool late = &w == next_ && now - w.started_ms > kStartMs;
    if (!hangs && !late) return;
    if (late) w.failure = fmt::format("the new worker was not ready within {} s", kStartMs / 1000);
    log_.error("a worker hangs",
               {{"worker", w.pid()}, {"loop_ms", w.stall_ms}, {"silent_ms", silent}});
    w.aborted_ms = now;
    w.kill(SIGABRT);
}

}  // namespace microhost::supervise
