// SPDX-License-Identifier: Apache-2.0
/// Notices hooks of modules that keep a loop to themselves for longer than they should, long before the loop counts as blocked.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "loop/loop.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"

namespace microhost::control {

/// Looks every 5 ms at what each loop has noted; the loops read no clock for it. While no loop does anything it sleeps.
/// Thread: main.
class HookWatch final : public Pollable {
  public:
    static constexpr uint64_t kPeriodMs = 5;
    static constexpr uint64_t kLimitMs = 10;

    HookWatch(Loop& control, std::vector<Loop*> loops, log::Domain log, observe::Metrics& metrics);
    ~HookWatch();
    HookWatch(const HookWatch&) = delete;

    void start();
    void stop();
    /// One look. A hook that was seen for 10 ms or more, without the time in which its thread waited for a processor, is
    /// counted when it is over, and is a line in the log at most once
    /// in ten seconds. One of 15 ms is seen, unless we are late ourselves.
    void look(uint64_t now_ms);
    void on_events(uint32_t) override;

  private:
    struct Watched {
        Loop* loop;
        const HookMark* hook = nullptr;  // to be compared only: its module may be gone
        uint64_t entered = 0, turn = 0;
        uint64_t since_ms = 0, seen_ms = 0;
        uint64_t waited_ms = 0;    // for a processor, up to since_ms
        std::string module, name;  // once it may be over the limit
        int schedule = kUnknown;   // the kernel's account of the thread
    };
    static constexpr int kUnknown = -2;
    static uint64_t waited_ms(Watched& w);
    static uint64_t own_ms(Watched& w);
    void report(Watched& w, uint64_t now_ms);
    bool idle();
    void sleep();
    void arm(bool on);

    Loop& control_;
    std::vector<Watched> loops_;
    log::Domain log_;
    observe::Metrics& metrics_;
    std::unordered_map<std::string, uint64_t> said_ms_;  // by module and hook
    int fd_;
    unsigned idle_looks_ = 0;
    bool running_ = false;
};

}  // namespace microhost::control
