// SPDX-License-Identifier: Apache-2.0
/// Topics of the process: what one module publishes reaches every subscriber once, on the subscriber's thread.
#pragma once

#include <microhost/draft/event.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace microhost::module {

struct HostSide;

/// Made by whoever publishes, then shared by all who wait for it and never changed.
struct Event {
    std::string topic, content_type, id, origin, body;
    std::vector<std::pair<std::string, std::string>> headers;
    int64_t time_ms = 0;
    bool local = false;    ///< not for brokers
    bool foreign = false;  ///< a broker brought it; `origin` says which

    /// Bytes that it holds, about.
    size_t weight() const;
    /// As a subscriber sees it. `rows` holds the headers and lives as long as what is returned.
    mh_event lend(std::vector<mh_kv>& rows, uint64_t lost) const;
};
using EventPtr = std::shared_ptr<const Event>;

/// Copies what a module passed, but for who it is from. MH_E_LIMIT or MH_E_INVALID: `why` says what is wrong.
mh_status copy_event(const mh_event& from, Event& to, std::string& why);

/// Whether events of `topic` are for a subscriber of `pattern`: the same, or "some.*" and one that begins with "some.".
bool topic_matches(std::string_view pattern, std::string_view topic);
/// Empty, or what is wrong with it. `pattern`: it may end in ".*".
std::string topic_fault(std::string_view topic, bool pattern);

/// Thread: any, unless a member says otherwise; a mutex that is held while queues are filled.
class EventBus {
  public:
    static constexpr size_t kMostWaiting = 256;              ///< events of a subscriber
    static constexpr size_t kMostWaitingBytes = 16U << 20U;  ///< ... and what they hold
    static constexpr size_t kLongestTopic = 255;
    static constexpr size_t kLargestBody = 1U << 20U;
    static constexpr size_t kMostHeaders = 64;
    static constexpr size_t kLargestHeaders = 64U << 10U;
    /// What begins so is the host's to publish.
    static constexpr std::string_view kOfTheHost = "microhost.";

    using Receive = void (*)(void* user, const mh_event* e);
    /// Where events go beside the subscribers. Called with the mutex held: it hands on and returns.
    struct Beyond {
        virtual mh_status take(const EventPtr& e) = 0;
        /// Topics that subscribers want of it have changed: wanted() tells.
        virtual void wants_changed() = 0;

      protected:
        ~Beyond() = default;
    };

    EventBus();
    ~EventBus();
    EventBus(const EventBus&) = delete;
    EventBus& operator=(const EventBus&) = delete;

    /// What is missing in it (id, time) is filled in. The status is that of what lies beyond.
    mh_status publish(Event e);
    /// An event of the host itself; JSON.
    void tell(std::string_view topic, std::string json);

    /// Until unsubscribe() or end_here(). Thread: one that turns a loop.
    mh_token subscribe(HostSide& side, std::string_view topic, uint32_t flags, Receive fn,
                       void* user, std::string_view queue = {});
    /// The same for the host itself, until unsubscribe(): those of it that name the same queue and topic share it, too.
    mh_token listen(std::string_view topic, uint32_t flags, Receive fn, void* user,
                    std::string_view queue = {});
    /// MH_E_GONE, MH_E_WRONG_THREAD, MH_E_INVALID. Thread: that of subscribe().
    static mh_status unsubscribe(mh_token t);
    /// Ends what a module has subscribed on this thread.
    static void end_here(HostSide& side);

    /// Null: nothing.
    void set_beyond(Beyond* b);
    /// The topics of all who want more than events of this process.
    std::set<std::string> wanted() const;

  private:
    struct Queue;
    using QueuePtr = std::shared_ptr<Queue>;
    using Group = std::tuple<std::string, std::string, std::string>;  // module, queue, topic

    mh_token subscribe(HostSide* side, std::string module, std::string_view topic, uint32_t flags,
                       Receive fn, void* user, std::string_view queue);
    static void drain(const QueuePtr& q);
    static void give(const QueuePtr& q, const EventPtr& e);
    static void close(const QueuePtr& q);
    void remove(const QueuePtr& q);

    mutable std::mutex mutex_;
    std::vector<QueuePtr> queues_;
    std::map<Group, uint64_t> turns_;  // whose turn it is among those who share a queue
    Beyond* beyond_ = nullptr;
};

}  // namespace microhost::module
