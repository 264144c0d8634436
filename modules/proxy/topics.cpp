// SPDX-License-Identifier: Apache-2.0
#include "topics.hpp"

#include <algorithm>
#include <vector>

#include "../shared/access.hpp"
#include "../shared/event_message.hpp"
#include "../shared/metadata.hpp"
#include "../shared/url_encoding.hpp"
#include "answer.hpp"

namespace microhost::proxy {
namespace {

constexpr uint32_t kPingMs = 54'000;  // as Micro's
constexpr uint64_t kLongestMessage = 16 * 1024, kLargestEvent = 1 << 20;
constexpr size_t kMostHeaders = 64;

std::string parameter(const mh::request& r, std::string_view name) {
    std::vector<shared::FormPair> pairs;
    shared::parse_form(r.query(), pairs);
    for (shared::FormPair& p : pairs)
        if (p.key == name) return std::move(p.value);
    return {};
}

/// Typed subscribers of go-micro take nothing without a content type.
std::string_view content_type(const mh::request& r) {
    const std::string_view given = r.header(MH_H_CONTENT_TYPE);
    return given.empty() ? "text/plain" : given;
}

mh_status publish(std::string_view topic, std::string_view type, std::span<const mh_kv> headers,
                  std::string_view body) {
    mh_event e{};
    e.size = sizeof e;
    e.topic = mh::lend(topic);
    e.content_type = mh::lend(type);
    e.headers = headers.data();
    e.n_headers = static_cast<uint32_t>(std::min(headers.size(), kMostHeaders));
    e.body = mh::bytes(body);
    return mh::use<mh_event_bus>().publish(mh::the_host, &e, 0);
}

void publish_body(mh::request r, std::string_view body) {
    shared::Metadata metadata;
    shared::collect_metadata(mh::use<mh_http_request>(), r.raw(), r.headers(), metadata);
    switch (
        publish(parameter(r, "topic"), content_type(r), {metadata.fields, metadata.count}, body)) {
        case MH_OK: return answer_done(r);
        case MH_E_BUSY: return answer_text(r, 503, "the broker cannot take more events now");
        case MH_E_DENIED: return answer_text(r, 403, "topics of \"microhost.\" are the host's");
        case MH_E_LIMIT: return answer_text(r, 413, "an event holds at most 1 MiB");
        default: return answer_text(r, 400, "this is no topic that events can be published on");
    }
}

void on_body(mh_req* q, void*, mh_status s, mh_seg body) {
    mh::guarded("on_body", [&] {
        const mh::request r(q);
        if (s == MH_OK)
            publish_body(r, mh::view(body));
        else if (s == MH_E_LIMIT)
            answer_text(r, 413, "an event holds at most 1 MiB");
        return MH_OK;
    });
}

}  // namespace

Topics::~Topics() {
    for (auto& [socket, l] : all_) end(*l);
}

mh_status Topics::on_request(mh::request r) {
    const bool posted = r.method() == "POST";
    if (!posted && r.method() != "GET") return refuse_method(r, "GET, POST");
    std::string topic = parameter(r, "topic");
    if (topic.empty()) return answer_text(r, 400, "Topic not specified"), MH_OK;
    if (!posted) return listen(r, std::move(topic), parameter(r, "queue"));
    if (r.flags() & MH_REQ_HAS_BODY)
        return mh::use<mh_http_request>().collect(r.raw(), kLargestEvent, on_body, nullptr);
    publish_body(r, {});
    return MH_OK;
}

mh_status Topics::listen(mh::request r, std::string topic, const std::string& queue) {
    static constexpr mh_ws_events kEvents{sizeof(mh_ws_events), 0, on_message, on_writable,
                                          on_close};
    auto l = std::make_unique<Listener>();
    l->owner = this;
    l->topic = std::move(topic);
    l->content_type = content_type(r);
    const mh_event_bus& bus = mh::use<mh_event_bus>();
    const mh_status heard =
        bus.subscribe_queue(mh::the_host, mh::lend(l->topic), mh::lend(queue),
                            queue.empty() ? 0 : MH_EVENT_QUEUE, on_event, l.get(), &l->token);
    if (heard != MH_OK)
        return answer_text(r, 400, "this is no topic that can be subscribed to"), MH_OK;
    mh_ws_options options{};
    options.size = sizeof options;
    options.ping_interval_ms = kPingMs;
    options.max_message = kLongestMessage;
    const mh_status s =
        mh::use<mh_http_websocket>().accept(r.raw(), &options, &kEvents, l.get(), &l->socket);
    if (s != MH_OK) {
        end(*l);
        if (s != MH_E_UNSUPPORTED)  // else it is answered
            answer_text(r, 400, "subscribe with a websocket, or publish with POST");
        return MH_OK;
    }
    all_[l->socket] = std::move(l);
    return MH_OK;
}

void Topics::on_event(void* user, const mh_event* e) {
    mh::guarded("event", [&] {
        auto& l = *static_cast<Listener*>(user);
        l.waiting.push_back(shared::event_message(*e, false));
        l.bytes += l.waiting.back().size();
        flush(l);
        return MH_OK;
    });
}

void Topics::flush(Listener& l) {
    const mh_http_websocket& ws = mh::use<mh_http_websocket>();
    while (!l.waiting.empty()) {
        const mh_status s = ws.send(l.socket, MH_WS_TEXT, mh::bytes(l.waiting.front()));
        if (s == MH_E_BUSY && l.bytes > kMostWaiting) {
            l.waiting.clear();
            l.bytes = 0;
            ws.close(l.socket, 1013, mh::lend("too slow: events were lost"));
        }
        if (s == MH_E_BUSY) return;  // on_writable follows
        l.bytes -= l.waiting.front().size();
        l.waiting.pop_front();
    }
}

// What cannot be published is lost, as with Micro: a frame has no answer.
void Topics::on_message(void* user, mh_ws* w, int32_t, mh_seg message) {
    auto& l = *static_cast<Listener*>(user);
    if (publish(l.topic, l.content_type, {}, mh::view(message)) == MH_E_DENIED)
        mh::use<mh_http_websocket>().close(w, 1008, mh::lend("this topic is the host's"));
}

void Topics::on_writable(void* user, mh_ws*) {
    mh::guarded("on_writable", [&] { return flush(*static_cast<Listener*>(user)), MH_OK; });
}

void Topics::on_close(void* user, mh_ws* socket, uint32_t, mh_str) {
    auto& l = *static_cast<Listener*>(user);
    end(l);
    l.owner->all_.erase(socket);
}

void Topics::end(Listener& l) {
    if (l.token) mh::use<mh_event_bus>().unsubscribe(std::exchange(l.token, 0));
}

}  // namespace microhost::proxy
