// SPDX-License-Identifier: Apache-2.0
/// Hands events of the process to brokers outside, and tells those which topics are wanted here.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "module/contribution.hpp"
#include "module/event_bus.hpp"
#include "observe/log.hpp"

namespace microhost {
class Loop;
}

namespace microhost::event {

/// Thread: main, unless a member says otherwise.
class Brokers final : private module::EventBus::Beyond {
  public:
    static constexpr uint32_t kMostWaiting = 1024;  ///< events on their way to main

    Brokers(Loop& control, module::EventBus& bus, log::Domain log);
    ~Brokers();
    Brokers(const Brokers&) = delete;
    Brokers& operator=(const Brokers&) = delete;

    /// Those that are published now: new ones hear which topics are wanted, the others are left alone or ended.
    void adopt(const module::Published& published);
    /// Ends all.
    void stop();

  private:
    struct Entry;

    mh_status take(const module::EventPtr& e) override;  // any thread
    void wants_changed() override;                       // any thread
    void hand_on(const module::EventPtr& e);
    void tell_wanted();
    static void end(Entry& e);

    Loop& control_;
    module::EventBus& bus_;
    log::Domain log_;
    std::vector<std::unique_ptr<Entry>> entries_;
    std::atomic<uint32_t> count_{0};  // of entries
    std::atomic<uint32_t> waiting_{0};
    std::atomic<bool> telling_{false};  // tell_wanted() is on its way
    const std::shared_ptr<Brokers*> self_ = std::make_shared<Brokers*>(this);
};

}  // namespace microhost::event
