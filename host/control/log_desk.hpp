// SPDX-License-Identifier: Apache-2.0
/// What modules are told of the log: the lines that are kept, and those to come.
#pragma once

#include <microhost/draft/log_read.h>

#include <functional>
#include <vector>

#include "control/current.hpp"
#include "control/logs.hpp"
#include "control/watch_list.hpp"
#include "loop/loop.hpp"

namespace microhost::control {

/// Thread: main.
class LogDesk : public Current<LogDesk> {
  public:
    using Fn = void (*)(void* user, const mh_log_record* r);
    /// Of each follower; at once, if it had none in the last second.
    static constexpr size_t kMostPerSecond = 1000;
    static constexpr uint64_t kLookAgainMs = 100;

    /// Both outlive it.
    LogDesk(const log::Log& log, Loop& main);

    /// The newest `most` after that number which the filter takes, oldest first.
    std::vector<log::Entry> recent(const LogFilter& filter, uint64_t since, size_t most) const;
    /// 0: there are too many. `side` may be null; else it ends with the module.
    mh_token follow(module::HostSide* side, LogFilter filter, Fn fn, void* user);
    mh_status unfollow(mh_token t) { return follows_.remove(t); }
    void end(const module::HostSide& side) { follows_.end(side); }
    /// Tells those who follow what is new; a timer does it while there are any.
    void look();

  private:
    struct Follow : Watching {
        LogFilter filter;
        Fn fn = nullptr;
        void* user = nullptr;
        uint64_t seen = 0;
        size_t left = kMostPerSecond;
    };
    void tell(Follow& f);
    void arm();

    const log::Log& log_;
    Loop& main_;
    WatchList<Follow> follows_;
    struct Tick : Timer {
        LogDesk* owner;
    } tick_;
};

/// Calls fn with the entry as a module sees it.
void show(const log::Entry& entry, LogDesk::Fn fn, void* user);

}  // namespace microhost::control
