// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>

#include "loop/loop.hpp"
#include "module/abi/tables.hpp"
#include "module/environment.hpp"
#include "module/event_bus.hpp"
#include "module/generation.hpp"
#include "module/host_side.hpp"

namespace microhost::module {
namespace {

// A header of an event may become one of HTTP.
bool is_one_line(std::string_view s) {
    return std::none_of(s.begin(), s.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

/// Empty, or what is wrong. `wrong_size`: MH_E_LIMIT instead of MH_E_INVALID.
std::string copy_parts(const mh_event& from, Event& to, bool& wrong_size) {
    if (from.size < offsetof(mh_event, lost)) return "a struct that is too short";
    if (broken(from.topic) || broken(from.content_type) || broken(from.body) || broken(from.id) ||
        (from.n_headers && !from.headers))
        return "a length without a pointer";
    if (std::string why = topic_fault(view(from.topic), false); !why.empty()) return why;
    if (!is_one_line(view(from.content_type)) || !is_one_line(view(from.id)))
        return "the content type or the id holds controls";
    wrong_size = true;
    if (from.body.len > EventBus::kLargestBody)
        return fmt::format("an event of {} bytes; {} are allowed", from.body.len,
                           EventBus::kLargestBody);
    size_t bytes = from.content_type.len + from.id.len;
    for (uint32_t i = 0; i < std::min<size_t>(from.n_headers, EventBus::kMostHeaders); i++)
        bytes += from.headers[i].key.len + from.headers[i].val.len;
    if (from.n_headers > EventBus::kMostHeaders || bytes > EventBus::kLargestHeaders)
        return fmt::format("the headers of an event are too many: {} of {} KiB are allowed",
                           EventBus::kMostHeaders, EventBus::kLargestHeaders / 1024);
    wrong_size = false;
    to.topic = view(from.topic);
    to.content_type = view(from.content_type);
    to.id = view(from.id);
    to.body = view(from.body);
    to.time_ms = from.time_ms;
    for (uint32_t i = 0; i < from.n_headers; i++) {
        const mh_kv& h = from.headers[i];
        if (broken(h.key) || broken(h.val) || !h.key.len || !is_one_line(view(h.key)) ||
            !is_one_line(view(h.val)))
            return "a header without a name, or with controls";
        to.headers.emplace_back(view(h.key), view(h.val));
    }
    return {};
}

mh_status refuse(const HostSide& side, mh_status s, const std::string& why) {
    report(side, s, {}, "event: " + why);
    return s;
}

mh_status publish(const mh_host* h, const mh_event* e, uint32_t flags) {
    HostSide* side = HostSide::find(h);
    if (!side || !e) return MH_E_INVALID;
    return guard_status([&] {
        Event copied;
        std::string why;
        if (const mh_status s = copy_event(*e, copied, why); s != MH_OK)
            return refuse(*side, s, why);
        if (copied.topic.starts_with(EventBus::kOfTheHost))
            return refuse(*side, MH_E_DENIED, "topics of \"microhost.\" are the host's");
        copied.origin = side->id;
        copied.local = flags & MH_EVENT_LOCAL;
        return side->environment.events->publish(std::move(copied));
    });
}

mh_status subscribe_queue(const mh_host* h, mh_str topic, mh_str queue, uint32_t flags,
                          EventBus::Receive fn, void* user, mh_token* out) {
    HostSide* side = HostSide::find(h);
    if (!side || !fn || !out || broken(topic) || broken(queue)) return MH_E_INVALID;
    Loop* loop = Loop::current();
    if (!loop) return MH_E_WRONG_THREAD;
    return guard_status([&] {
        if (const std::string why = topic_fault(view(topic), true); !why.empty())
            return refuse(*side, MH_E_INVALID, why);
        *out =
            side->environment.events->subscribe(*side, view(topic), flags, fn, user, view(queue));
        side->generation.at_end(loop->index(), EventBus::end_here);
        return mh_status{MH_OK};
    });
}

mh_status subscribe(const mh_host* h, mh_str topic, uint32_t flags, EventBus::Receive fn,
                    void* user, mh_token* out) {
    return subscribe_queue(h, topic, {}, flags, fn, user, out);
}

}  // namespace

mh_status copy_event(const mh_event& from, Event& to, std::string& why) {
    bool wrong_size = false;
    why = copy_parts(from, to, wrong_size);
    if (why.empty()) return MH_OK;
    return wrong_size ? MH_E_LIMIT : MH_E_INVALID;
}

const mh_event_bus kEventTable{sizeof(mh_event_bus), 0, publish, subscribe, EventBus::unsubscribe,
                               subscribe_queue};

}  // namespace microhost::module
