// SPDX-License-Identifier: Apache-2.0
#include "control/hook_watch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "observe/names.hpp"

namespace microhost::control {
namespace {

constexpr unsigned kIdleLooks = 20;
constexpr uint64_t kQuietMs = 10'000;

/// Of the thread of that loop, which is known by its name; -1 when there is none.
int open_schedule(unsigned loop) {
    std::error_code ec;
    const std::string name = fmt::format("loop-{}", loop);
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ec)) {
        std::string found;
        std::getline(std::ifstream(task.path() / "comm"), found);
        if (found == name) return ::open((task.path() / "schedstat").c_str(), O_RDONLY | O_CLOEXEC);
    }
    return -1;
}

}  // namespace

HookWatch::HookWatch(Loop& control, std::vector<Loop*> loops, log::Domain log,
                     observe::Metrics& metrics)
    : control_(control),
      log_(log),
      metrics_(metrics),
      fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    for (Loop* l : loops) {
        loops_.push_back({.loop = l});
        l->watch_from(
            control, [](void* self) { static_cast<HookWatch*>(self)->arm(true); }, this);
    }
    control_.add(fd_, this, EPOLLIN | EPOLLET);
}

HookWatch::~HookWatch() {
    control_.remove(fd_);
    ::close(fd_);
    for (const Watched& w : loops_)
        if (w.schedule >= 0) ::close(w.schedule);
}

void HookWatch::start() {
    running_ = true;
    arm(true);
}

void HookWatch::stop() {
    arm(false);
    running_ = false;
}

void HookWatch::arm(bool on) {
    if (!running_) return;
    idle_looks_ = 0;
    itimerspec t{};
    if (on) t.it_interval.tv_nsec = t.it_value.tv_nsec = kPeriodMs * 1'000'000;
    ::timerfd_settime(fd_, 0, &t, nullptr);
}

void HookWatch::on_events(uint32_t) {
    uint64_t ticks = 0;
    [[maybe_unused]] const ssize_t n = ::read(fd_, &ticks, sizeof ticks);  // else it ticks no more
    look(control_.now_ms());
    idle_looks_ = idle() ? idle_looks_ + 1 : 0;
    if (idle_looks_ == kIdleLooks) sleep();
}

// Whether no loop has done anything since the last look.
bool HookWatch::idle() {
    bool all = true;
    for (Watched& w : loops_) {
        const uint64_t turn = w.loop->turn_stamp();
        all = all && turn == w.turn && !Loop::busy(turn);
        w.turn = turn;
    }
    return all;
}

// The first loop that has something to do again wakes us. One that began before it was asked to is seen here.
void HookWatch::sleep() {
    arm(false);
    for (Watched& w : loops_) w.loop->tell_next_turn();
    if (!idle()) arm(true);
}

void HookWatch::look(uint64_t now_ms) {
    for (Watched& w : loops_) {
        const Activity& a = w.loop->activity;
        const uint64_t entered = a.entered();
        const HookMark* hook = a.hook();
        if (hook && hook == w.hook && entered == w.entered) {
            w.seen_ms = now_ms;
            if (w.module.empty() && own_ms(w) >= kLimitMs)
                w.module = hook->module->id, w.name = hook->name;
            continue;
        }
        if (!w.module.empty()) report(w, now_ms);
        w.hook = hook;
        w.entered = entered;
        w.since_ms = w.seen_ms = now_ms;
        if (hook) w.waited_ms = waited_ms(w);
        w.module.clear();
    }
}

// schedstat: nanoseconds on a processor, nanoseconds of waiting for one, ...
uint64_t HookWatch::waited_ms(Watched& w) {
    if (w.schedule == kUnknown) w.schedule = open_schedule(w.loop->index());
    std::array<char, 64> text{};
    if (w.schedule < 0 || ::pread(w.schedule, text.data(), text.size() - 1, 0) <= 0) return 0;
    unsigned long long ran = 0, waited = 0;
    return std::sscanf(text.data(), "%llu %llu", &ran, &waited) == 2 ? waited / 1'000'000 : 0;
}

uint64_t HookWatch::own_ms(Watched& w) {
    const uint64_t seen = w.seen_ms - w.since_ms, waited = waited_ms(w) - w.waited_ms;
    return seen > waited ? seen - waited : 0;
}

// What a thread has waited is known once it runs again, so now the last word can be said.
void HookWatch::report(Watched& w, uint64_t now_ms) {
    const uint64_t own = own_ms(w);
    if (own < kLimitMs) return;
    metrics_
        .counter(control_.index(), metrics_.counter_id(observe::names::kSlowHooks),
                 {w.module, w.name})
        .add();
    auto [said, first] = said_ms_.try_emplace(w.module + "/" + w.name, now_ms);
    if (!first && now_ms - said->second < kQuietMs) return;
    said->second = now_ms;
    log_.warn(
        "a hook kept its loop waiting",
        {{"module", w.module}, {"hook", w.name}, {"loop", w.loop->index()}, {"at_least_ms", own}});
}

}  // namespace microhost::control
