// SPDX-License-Identifier: Apache-2.0
#include "streams.hpp"

#include <microhost/draft/loop.h>
#include <microhost/draft/timer.h>
#include <microhost/host.hpp>

#include <vector>

#include "web.hpp"

namespace microhost::web {
namespace {

constexpr uint32_t kPingMs = 15'000;
constexpr size_t kMostStreams = 200;  // of a loop
constexpr std::string_view kResync = "event: resync\ndata: {}\n\n";

/// Posts fn to a loop and lets it own what it works on.
template <class Job>
void post_job(uint32_t loop, std::unique_ptr<Job> job) {
    const auto run = [](void* shard, void* arg) {
        const std::unique_ptr<Job> owned(static_cast<Job*>(arg));
        mh::guarded("events", [&] { return owned->run(static_cast<Shard*>(shard)), MH_OK; });
    };
    const auto drop = [](void* arg) { delete static_cast<Job*>(arg); };
    if (mh::use<mh_loop>().post(mh::the_host, loop, run, job.get(), drop) == MH_OK) job.release();
}

struct CatchUp {
    uint64_t id;
    std::string events;
    void run(Shard* shard) const { shard->streams.catch_up(id, events); }
};

struct Join {
    Web& web;
    uint32_t loop;
    uint64_t id;
    uint32_t topics;
    uint64_t log_after;
    void run(Shard*) const {
        auto news = std::make_unique<CatchUp>(CatchUp{id, web.feed.join(id, topics, log_after)});
        post_job(loop, std::move(news));
    }
};

struct Leave {
    Web& web;
    uint64_t id;
    void run(Shard*) const { web.feed.leave(id); }
};

struct News {
    uint32_t topic;
    EventText event;
    void run(Shard* shard) const { shard->streams.tell(topic, *event); }
};

}  // namespace

void tell_streams(uint32_t topic, EventText event) {
    const uint32_t loops = mh::use<mh_loop>().count(mh::the_host);
    for (uint32_t i = 0; i < loops; ++i) post_job(i, std::make_unique<News>(News{topic, event}));
}

Streams::~Streams() {
    if (ping_) mh::use<mh_timer>().cancel(ping_);
}

mh_status Streams::open(mh::request r, const shared::Asker& who, uint32_t topics,
                        uint64_t log_after) {
    static constexpr mh_http_stream_events kEvents{sizeof(mh_http_stream_events), 0, on_writable};
    if (all_.size() >= kMostStreams) {
        r.respond_error(503, kServerName, "too many streams of events are open",
                        {{"Retry-After", "10"}});
        return MH_OK;
    }
    const mh_kv headers[] = {{mh::lend("Content-Type"), mh::lend("text/event-stream")},
                             {mh::lend("Cache-Control"), mh::lend("no-store")},
                             {mh::lend("X-Accel-Buffering"), mh::lend("no")},
                             {mh::lend("X-Content-Type-Options"), mh::lend("nosniff")}};
    const uint64_t id = web_.next_stream++;
    auto* s = shared::keep(r, new Stream(this, r.raw(), who, id, topics));
    all_[id] = s;
    const mh_status begun =
        mh::use<mh_http_stream>().begin(r.raw(), 200, headers, std::size(headers), &kEvents, s);
    if (begun != MH_OK) return begun;  // on_done frees it
    if (!ping_) ping_ = mh::use<mh_timer>().start(mh::the_host, kPingMs, kPingMs, on_ping, this);
    write(id, "retry: 1000\n\n");
    post_job(MH_LOOP_MAIN, std::make_unique<Join>(Join{web_, loop_, id, topics, log_after}));
    return MH_OK;
}

void Streams::gone(Stream& s) {
    all_.erase(s.id);
    post_job(MH_LOOP_MAIN, std::make_unique<Leave>(Leave{web_, s.id}));
    if (all_.empty() && ping_) mh::use<mh_timer>().cancel(std::exchange(ping_, 0));
}

std::vector<uint64_t> Streams::ids(uint32_t topic) const {
    std::vector<uint64_t> out;
    for (const auto& [id, s] : all_)
        if (s->live && (s->topics & topic)) out.push_back(id);
    return out;
}

// A client that is found gone is done before the call returns: the stream, and its place in all_, with it.
void Streams::write(uint64_t id, std::string_view text) {
    const auto found = all_.find(id);
    if (found == all_.end() || found->second->behind) return;
    Stream* const s = found->second;
    const mh_seg seg = mh::bytes(text);
    if (mh::use<mh_http_stream>().write(s->request, &seg, 1) == MH_E_BUSY) s->behind = true;
}

void Streams::tell(uint32_t topic, const std::string& event) {
    for (const uint64_t id : ids(topic)) write(id, event);
}

void Streams::catch_up(uint64_t id, const std::string& events) {
    const auto found = all_.find(id);
    if (found == all_.end()) return;
    found->second->live = true;
    write(id, events);
}

void Streams::close_all() {
    std::vector<mh_req*> open;
    for (const auto& [id, s] : all_) open.push_back(s->request);
    for (mh_req* r : open) mh::use<mh_http_stream>().end(r);
}

void Streams::on_writable(void* user, mh_req*) {
    auto& s = *static_cast<Stream*>(user);
    if (!std::exchange(s.behind, false)) return;
    mh::guarded("on_writable", [&] { return s.owner->write(s.id, kResync), MH_OK; });
}

void Streams::ping() {
    std::vector<mh_req*> over;
    for (const auto& [id, s] : all_) {
        if (!guard_.still_there(s->who, mh::request(s->request).now_ns()))
            over.push_back(s->request);
    }
    for (mh_req* r : over) mh::use<mh_http_stream>().end(r);
    for (const uint64_t id : ids(kAllTopics)) write(id, ": ping\n\n");
}

void Streams::on_ping(void* arg) {
    mh::guarded("timer", [&] { return static_cast<Streams*>(arg)->ping(), MH_OK; });
}

}  // namespace microhost::web
