// SPDX-License-Identifier: Apache-2.0
/// Feeds the rings of traffic once a second, from the first time that somebody wants them; and who is told of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "control/census.hpp"
#include "control/current.hpp"
#include "control/traffic.hpp"
#include "control/watch_list.hpp"
#include "loop/loop.hpp"

namespace microhost::control {

/// Request loops are asked for what only they know, and not waited for. Thread: main.
class TrafficFeed : public Current<TrafficFeed> {
  public:
    using Fn = void (*)(void* user);
    static constexpr uint64_t kStepMs = 1000;
    /// A loop that hangs does not answer: what it told last is used.
    static constexpr uint64_t kAnswersMs = 100;

    /// All outlive it. `listens`: there are listeners, and they may be looked at.
    TrafficFeed(Loop& main, Census& census, const observe::Metrics& metrics,
                std::function<bool()> listens);

    /// From now on, once: what has passed before is not told.
    void start();
    void stop();
    bool running() const { return running_; }
    const Traffic& traffic() const { return traffic_; }

    /// fn is called after each point. 0: there are too many. `side` may be null; else it ends with the module.
    mh_token watch(module::HostSide* side, Fn fn, void* user);
    mh_status unwatch(mh_token t) { return watches_.remove(t); }
    void end(const module::HostSide& side) { watches_.end(side); }
    const observe::Metrics& metrics() const { return metrics_; }

  private:
    struct Watch : Watching {
        Fn fn = nullptr;
        void* user = nullptr;
    };
    Reading read() const;
    void ask();
    /// Takes the point that is due.
    void take();
    void wait_for_next();
    void tell();

    Loop& main_;
    Census& census_;
    const observe::Metrics& metrics_;
    std::function<bool()> listens_;
    Traffic traffic_;
    WatchList<Watch> watches_;
    std::optional<Reading> before_;
    uint64_t began_ns_ = 0;
    uint64_t taken_ = 0;  // seconds since then
    bool running_ = false, asked_ = false;
    std::shared_ptr<uint64_t> round_;  // answers may come when it is gone, or too late
    struct Tick : Timer {
        TrafficFeed* owner;
    } tick_;
};

}  // namespace microhost::control
