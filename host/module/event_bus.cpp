// SPDX-License-Identifier: Apache-2.0
#include "module/event_bus.hpp"

#include <algorithm>
#include <chrono>
#include <deque>

#include "loop/loop.hpp"
#include "module/host_side.hpp"
#include "observe/uuid.hpp"

namespace microhost::module {
namespace {

bool is_plain(std::string_view s) {
    return std::none_of(s.begin(), s.end(), [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) == 0x7f;
    });
}

int64_t unix_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

uint64_t thread_bits(const Loop& loop) { return uint64_t{loop.index()} << 56; }

}  // namespace

/// What waits for one subscriber.
struct EventBus::Queue {
    EventBus& bus;
    HostSide* side;  // null: the host itself
    Loop& loop;
    const mh_token token;
    const std::string module, topic, queue;
    const uint32_t flags;
    const Receive fn;
    void* const user;
    bool over = false;  // thread: that of the loop

    std::mutex mutex;  // guards what follows
    std::deque<EventPtr> waiting;
    size_t bytes = 0;
    uint64_t lost = 0;
    bool posted = false;  // drain() is on its way

    Group group() const { return {module, queue, topic}; }
    bool wants(const Event& e) const {
        return !(flags & MH_EVENT_LOCAL && e.foreign) && topic_matches(topic, e.topic);
    }
};

namespace {

// Of this thread. Tokens are looked up here before they are used.
template <class Ptr>
std::vector<Ptr>& queues_here() {
    thread_local std::vector<Ptr> all;
    return all;
}

}  // namespace

size_t Event::weight() const {
    size_t n = topic.size() + content_type.size() + id.size() + origin.size() + body.size();
    for (const auto& [key, value] : headers) n += key.size() + value.size();
    return n;
}

mh_event Event::lend(std::vector<mh_kv>& rows, uint64_t lost) const {
    rows.clear();
    for (const auto& [key, value] : headers)
        rows.push_back({module::lend(key), module::lend(value)});
    mh_event e{};
    e.size = sizeof e;
    e.n_headers = static_cast<uint32_t>(rows.size());
    e.topic = module::lend(topic);
    e.content_type = module::lend(content_type);
    e.headers = rows.data();
    e.body = {reinterpret_cast<const uint8_t*>(body.data()), body.size()};
    e.id = module::lend(id);
    e.origin = module::lend(origin);
    e.time_ms = time_ms;
    e.lost = lost;
    return e;
}

bool topic_matches(std::string_view pattern, std::string_view topic) {
    if (!pattern.ends_with(".*")) return pattern == topic;
    pattern.remove_suffix(1);
    return topic.size() > pattern.size() && topic.starts_with(pattern);
}

std::string topic_fault(std::string_view topic, bool pattern) {
    if (topic.empty()) return "a topic is empty";
    if (topic.size() > EventBus::kLongestTopic)
        return fmt::format("a topic has {} bytes; {} are allowed", topic.size(),
                           EventBus::kLongestTopic);
    if (!is_plain(topic)) return "a topic holds spaces or controls";
    if (!pattern && topic.ends_with(".*")) return "a topic to publish ends in \".*\"";
    return {};
}

EventBus::EventBus() = default;
EventBus::~EventBus() = default;

mh_status EventBus::publish(Event event) {
    if (event.id.empty()) event.id = observe::random_uuid();
    if (!event.time_ms) event.time_ms = unix_ms();
    const auto e = std::make_shared<const Event>(std::move(event));
    std::scoped_lock lock(mutex_);
    std::map<Group, std::vector<QueuePtr>> shared;
    for (const QueuePtr& q : queues_) {
        if (!q->wants(*e)) continue;
        if (q->flags & MH_EVENT_QUEUE)
            shared[q->group()].push_back(q);
        else
            give(q, e);
    }
    for (const auto& [group, members] : shared) give(members[turns_[group]++ % members.size()], e);
    return beyond_ && !e->local ? beyond_->take(e) : MH_OK;
}

void EventBus::tell(std::string_view topic, std::string json) {
    Event e;
    e.topic = topic;
    e.content_type = "application/json";
    e.origin = "microhost";
    e.body = std::move(json);
    e.local = true;
    publish(std::move(e));
}

void EventBus::give(const QueuePtr& q, const EventPtr& e) {
    {
        std::scoped_lock lock(q->mutex);
        q->waiting.push_back(e);
        q->bytes += e->weight();
        while (q->waiting.size() > kMostWaiting ||
               (q->bytes > kMostWaitingBytes && q->waiting.size() > 1)) {
            q->bytes -= q->waiting.front()->weight();
            q->waiting.pop_front();
            q->lost++;
        }
        if (std::exchange(q->posted, true)) return;
    }
    q->loop.post([q] { drain(q); });
}

void EventBus::drain(const QueuePtr& q) {
    std::deque<EventPtr> all;
    uint64_t lost = 0;
    {
        std::scoped_lock lock(q->mutex);
        all.swap(q->waiting);
        lost = std::exchange(q->lost, 0);
        q->bytes = 0;
        q->posted = false;
    }
    std::vector<mh_kv> rows;
    for (const EventPtr& e : all) {
        if (q->over) return;
        const mh_event lent = e->lend(rows, std::exchange(lost, 0));
        if (q->side)
            guarded(*q->side, "event", [&] { q->fn(q->user, &lent); });
        else
            q->fn(q->user, &lent);
    }
}

mh_token EventBus::subscribe(HostSide& side, std::string_view topic, uint32_t flags, Receive fn,
                             void* user, std::string_view queue) {
    return subscribe(&side, side.id, topic, flags, fn, user, queue);
}

mh_token EventBus::listen(std::string_view topic, uint32_t flags, Receive fn, void* user,
                          std::string_view queue) {
    return subscribe(nullptr, "microhost", topic, flags, fn, user, queue);
}

mh_token EventBus::subscribe(HostSide* side, std::string module, std::string_view topic,
                             uint32_t flags, Receive fn, void* user, std::string_view queue) {
    static thread_local uint64_t tokens = 0;
    Loop& loop = *Loop::current();
    const mh_token token = thread_bits(loop) | ++tokens;
    QueuePtr q(new Queue{*this,
                         side,
                         loop,
                         token,
                         std::move(module),
                         std::string(topic),
                         std::string(queue),
                         flags,
                         fn,
                         user,
                         false,
                         {},
                         {},
                         0,
                         0,
                         false});
    queues_here<QueuePtr>().push_back(q);
    std::scoped_lock lock(mutex_);
    queues_.push_back(q);
    if (beyond_ && !(flags & MH_EVENT_LOCAL)) beyond_->wants_changed();
    return token;
}

mh_status EventBus::unsubscribe(mh_token t) {
    const Loop* loop = Loop::current();
    if (!t) return MH_E_INVALID;
    if (!loop || t >> 56 != thread_bits(*loop) >> 56) return MH_E_WRONG_THREAD;
    for (const QueuePtr& q : queues_here<QueuePtr>())
        if (q->token == t) {
            close(QueuePtr(q));
            return MH_OK;
        }
    return MH_E_GONE;
}

void EventBus::close(const QueuePtr& q) {
    q->over = true;
    q->bus.remove(q);
    std::erase(queues_here<QueuePtr>(), q);
}

void EventBus::remove(const QueuePtr& q) {
    std::scoped_lock lock(mutex_);
    std::erase(queues_, q);
    const bool shared = std::any_of(queues_.begin(), queues_.end(), [&](const QueuePtr& other) {
        return other->group() == q->group();
    });
    if (!shared) turns_.erase(q->group());
    if (beyond_ && !(q->flags & MH_EVENT_LOCAL)) beyond_->wants_changed();
}

void EventBus::end_here(HostSide& side) {
    const auto all = queues_here<QueuePtr>();
    for (const QueuePtr& q : all)
        if (q->side == &side) close(q);
}

void EventBus::set_beyond(Beyond* b) {
    std::scoped_lock lock(mutex_);
    beyond_ = b;
}

std::set<std::string> EventBus::wanted() const {
    std::scoped_lock lock(mutex_);
    std::set<std::string> out;
    for (const QueuePtr& q : queues_)
        if (!(q->flags & MH_EVENT_LOCAL)) out.insert(q->topic);
    return out;
}

}  // namespace microhost::module
