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

mh_status Streams::open(mh::request r, uint32_t topics, uint64_t log_after) {
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
    auto* s = shared::keep(r, new Stream(this, r.raw(), web_.next_stream++, topics));
    all_[s->id] = s;
    const mh_status begun =
        mh::use<mh_http_stream>().begin(r.raw(), 200, headers, std::size(headers), &kEvents, s);
    if (begun != MH_OK) return begun;  // on_done frees it
    if (!ping_) ping_ = mh::use<mh_timer>().start(mh::the_host, kPingMs, kPingMs, on_ping, this);
    write(*s, "retry: 1000\n\n");
    post_job(MH_LOOP_MAIN, std::make_unique<Join>(Join{web_, loop_, s->id, topics, log_after}));
    return MH_OK;
}

void Streams::gone(Stream& s) {
    all_.erase(s.id);
    post_job(MH_LOOP_MAIN, std::make_unique<Leave>(Leave{web_, s.id}));
    if (all_.empty() && ping_) mh::use<mh_timer>().cancel(std::exchange(ping_, 0));
}

void Streams::write(Stream& s, std::string_view text) {
    if (s.behind) return;
    const mh_seg seg = mh::bytes(text);
    s.behind = mh::use<mh_http_stream>().write(s.request, &seg, 1) == MH_E_BUSY;
}

void Streams::tell(uint32_t topic, const std::string& event) {
    for (const auto& [id, s] : all_)
        if (s->live && (s->topics & topic)) write(*s, event);
}

void Streams::catch_up(uint64_t id, const std::string& events) {
    const auto found = all_.find(id);
    if (found == all_.end()) return;
    found->second->live = true;
    write(*found->second, events);
}

void Streams::close_all() {
    std::vector<mh_req*> open;
    for (const auto& [id, s] : all_) open.push_back(s->request);
    for (mh_req* r : open) mh::use<mh_http_stream>().end(r);
}

void Streams::on_writable(void* user, mh_req*) {
    auto& s = *static_cast<Stream*>(user);
    if (!std::exchange(s.behind, false)) return;
    mh::guarded("on_writable", [&] { return write(s, kResync), MH_OK; });
}

void Streams::on_ping(void* arg) {
    mh::guarded("timer", [&] {
        for (const auto& [id, s] : static_cast<Streams*>(arg)->all_) write(*s, ": ping\n\n");
        return MH_OK;
    });
}

}  // namespace microhost::web
