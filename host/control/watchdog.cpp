// SPDX-License-Identifier: Apache-2.0
#include "control/watchdog.hpp"

#include <algorithm>

#include "observe/names.hpp"

namespace microhost::control {

Watchdog::Watchdog(Loop& control, std::vector<Loop*> loops, log::Domain log,
                   observe::Metrics& metrics)
    : control_(control), log_(log), metrics_(metrics) {
    stalls_by("host");  // so that the name is there before it happens
    for (Loop* l : loops) loops_.push_back({l});
    tick_.owner = this;
    tick_.fire = [](Timer& t) {
        Watchdog* w = static_cast<Tick&>(t).owner;
        w->look(w->control_.now_ms());
        w->control_.arm(t, kPeriodMs);
    };
}

observe::Counter Watchdog::stalls_by(std::string_view module) {
    return metrics_.counter(control_.index(), metrics_.counter_id(observe::names::kLoopStalls),
                            {module});
}

void Watchdog::start() {
    for (Watched& w : loops_) w.turn = w.loop->turn_stamp(), w.since_ms = control_.now_ms();
    control_.arm(tick_, kPeriodMs);
}

void Watchdog::look(uint64_t now_ms) {
    for (Watched& w : loops_) {
        const uint64_t turn = w.loop->turn_stamp();
        if (turn != w.turn) {
            if (w.stalled)
                log_.warn("the loop turns again",
                          {{"loop", w.loop->index()}, {"stalled_ms", now_ms - w.since_ms}});
            w.turn = turn;
            w.since_ms = now_ms;
            w.stalled = false;
            w.loop->activity.stalled.store(false, std::memory_order_relaxed);
        } else if (!w.stalled && Loop::busy(turn) && now_ms - w.since_ms > kLimitMs) {
            w.stalled = true;
            w.loop->activity.stalled.store(true, std::memory_order_relaxed);
            const HookMark* hook = w.loop->activity.hook();
            const char* module = hook ? hook->module->id : "host";
            stalls_by(module).add();
            log_.error("a loop does not turn: a module blocks it, and its connections wait",
                       {{"loop", w.loop->index()},
                        {"module", module},
                        {"hook", hook ? hook->name : ""},
                        {"since_ms", now_ms - w.since_ms}});
        }
    }
}

std::vector<uint64_t> Watchdog::stalled(uint64_t now_ms) const {
    std::vector<uint64_t> out;
    for (const Watched& w : loops_) out.push_back(w.stalled ? now_ms - w.since_ms : 0);
    return out;
}

uint64_t Watchdog::longest_stall(uint64_t now_ms) const {
    uint64_t longest = 0;
    for (const Watched& w : loops_)
        if (Loop::busy(w.turn) && w.turn == w.loop->turn_stamp())
            longest = std::max(longest, now_ms - w.since_ms);
    return longest;
}

size_t Watchdog::stalled_count() const {
    return static_cast<size_t>(
        std::count_if(loops_.begin(), loops_.end(), [](auto& w) { return w.stalled; }));
}

}  // namespace microhost::control
