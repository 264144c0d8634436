// SPDX-License-Identifier: Apache-2.0
#include "http/engine.hpp"

#include <time.h>

#include <atomic>
#include <cstdio>

#include "http/exchange.hpp"
#include "http/h1/server_connection.hpp"
#include "observe/access_log.hpp"

namespace microhost::http {
namespace {

thread_local Engine* current_engine = nullptr;
std::array<std::atomic<Engine*>, Loop::kMaxLoops> engines;

}  // namespace

Engine::Engine(Loop& l, const Limits& lim, log::Domain d, observe::Metrics* m,
               observe::AccessLog* access)
    : loop(l),
      limits(lim),
      log(d),
      upstreams(*this),
      tokens(l),
      metrics(m),
      requests(m, l.index()),
      access_log(access),
      read_buffer(new char[kReadBuffer]),
      upstream_buffer(new char[kUpstreamBuffer]),
      write_buffer(new char[kWriteBuffer]) {
    engines[l.index()].store(this, std::memory_order_release);
    access_tick_.owner = this;
    access_tick_.fire = [](Timer& t) {
        Engine* e = static_cast<AccessTick&>(t).owner;
        e->access_log->tick(e->loop.index(), e->loop.now_ms());
        e->loop.arm(t, 1000);
    };
    if (access_log) l.arm(access_tick_, 1000);
}

Engine::~Engine() {
    engines[loop.index()].store(nullptr, std::memory_order_release);
    if (current_engine == this) current_engine = nullptr;
}

Engine* Engine::current() { return current_engine; }
Engine* Engine::by_index(unsigned i) {
    return i < engines.size() ? engines[i].load(std::memory_order_acquire) : nullptr;
}
void Engine::adopt_thread() { current_engine = this; }

Exchange* Engine::take() {
    if (free_.empty()) return slabs.make<Exchange>(*this).release();
    Exchange* x = free_.back().release();
    free_.pop_back();
    if (!free_.empty()) free_.back()->fetch();
    return x;
}

void Engine::recycle(Exchange* x) {
    if (resting_.empty())
        loop.defer(
            [](void* p) {
                auto* e = static_cast<Engine*>(p);
                for (Exchange* r : e->resting_) e->free_.emplace_back(r);
                e->resting_.clear();
            },
            this);
    resting_.push_back(x);
}

std::string_view Engine::date_line() {
    uint64_t second = loop.now_ns() / 1'000'000'000;
    if (second != date_second_) {
        date_second_ = second;
        time_t now = time(nullptr);
        tm t;
        gmtime_r(&now, &t);
        strftime(date_.data(), date_.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &t);
    }
    return {date_.data(), 37};
}

void Engine::drain() {
    draining = true;
    upstreams.close_idle();
    // Closing takes a connection out of the list, so walk it from the end.
    for (size_t i = connections.size(); i-- > 0;)
        if (i < connections.size()) connections[i]->drain();
}

void Engine::close_all() {
    while (!connections.empty()) connections.back()->abort();
}

void Engine::count_request(Exchange& x, mh_status) {
    // The clock of the loop stands still in a turn: what began in this one would have taken no time.
    const bool read_clock = access_log || loop.now_ns() == x.started_ns();
    const uint64_t took = (read_clock ? Loop::clock_ns() : loop.now_ns()) - x.started_ns();
    requests.count(x.site().module, x.route, x.head.method, x.response.status, took);
    if (!access_log) return;
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    observe::AccessRecord r;
    r.time_us = static_cast<uint64_t>(now.tv_sec) * 1'000'000 +
                static_cast<uint64_t>(now.tv_nsec) / 1000 - took / 1000;
    x.attribute(MH_ATTR_CLIENT_IP, &r.peer);
    if (const mh_principal* p = x.principal()) r.user = view(p->subject);
    r.method = x.head.method_text;
    r.target = x.head.target;
    r.version = x.head.minor_version ? "HTTP/1.1" : "HTTP/1.0";
    r.status = x.response.status;
    r.bytes = x.response_bytes();
    r.referer = x.head.headers.value(MH_H_REFERER);
    r.user_agent = x.head.headers.value(MH_H_USER_AGENT);
    r.duration_us = took / 1000;
    r.request_id = x.request_id();
    r.listener = x.site().listener;
    r.route = x.route;
    access_log->append(loop.index(), r);
}

}  // namespace microhost::http
