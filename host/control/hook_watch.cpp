// SPDX-License-Identifier: Apache-2.0
#include "control/hook_watch.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "observe/names.hpp"

namespace microhost::control {
namespace {

constexpr unsigned kIdleLooks = 20;
constexpr uint64_t kQuietMs = 10'000;

}  // namespace

HookWatch::HookWatch(Loop& control, std::vector<Loop*> loops, log::Domain log,
                     observe::Metrics& metrics)
    : control_(control),
      log_(log),
      metrics_(metrics),
      fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    for (Loop* l : loops) {
        loops_.push_back({l});
        l->watch_from(
            control, [](void* self) { static_cast<HookWatch*>(self)->arm(true); }, this);
    }
    control_.add(fd_, this, EPOLLIN | EPOLLET);
}

HookWatch::~HookWatch() {
    control_.remove(fd_);
    ::close(fd_);
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
            if (w.module.empty() && now_ms - w.since_ms >= kLimitMs)
                w.module = hook->module->id, w.name = hook->name;
            continue;
        }
        if (!w.module.empty()) report(w, now_ms);
        w.hook = hook;
        w.entered = entered;
        w.since_ms = w.seen_ms = now_ms;
        w.module.clear();
    }
}

void HookWatch::report(Watched& w, uint64_t now_ms) {
    metrics_
        .counter(control_.index(), metrics_.counter_id(observe::names::kSlowHooks),
                 {w.module, w.name})
        .add();
    auto [said, first] = said_ms_.try_emplace(w.module + "/" + w.name, now_ms);
    if (!first && now_ms - said->second < kQuietMs) return;
    said->second = now_ms;
    log_.warn("a hook kept its loop waiting", {{"module", w.module},
                                               {"hook", w.name},
                                               {"loop", w.loop->index()},
                                               {"at_least_ms", w.seen_ms - w.since_ms}});
}

}  // namespace microhost::control
