// SPDX-License-Identifier: Apache-2.0
#include "http/engine.hpp"

#include <time.h>

#include <atomic>
#include <cstdio>

#include "http/exchange.hpp"
#include "http/h1/server_connection.hpp"

namespace microhost::http {
namespace {

thread_local Engine* current_engine = nullptr;
std::array<std::atomic<Engine*>, Loop::kMaxLoops> engines;

}  // namespace

Engine::Engine(Loop& l, const Limits& lim, log::Domain d)
    : loop(l),
      limits(lim),
      log(d),
      upstreams(*this),
      tokens(l),
      read_buffer(new char[kReadBuffer]),
      upstream_buffer(new char[kUpstreamBuffer]),
      write_buffer(new char[kWriteBuffer]) {
    engines[l.index()].store(this, std::memory_order_release);
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
    if (free_.empty()) return new Exchange(*this);
    Exchange* x = free_.back().release();
    free_.pop_back();
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

}  // namespace microhost::http
