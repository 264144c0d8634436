// SPDX-License-Identifier: Apache-2.0
/// What HTTP needs once per loop: scratch buffers, recycled requests, upstreams, ids, the date.
#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "http/arena.hpp"
#include "http/h1/parser.hpp"
#include "http/limits.hpp"
#include "http/request_metrics.hpp"
#include "http/tokens.hpp"
#include "http/upstream.hpp"
#include "loop/loop.hpp"
#include "loop/slabs.hpp"
#include "observe/log.hpp"
#include "observe/trace.hpp"

namespace microhost::observe {
class AccessLog;
}

namespace microhost::http {

class Exchange;
class ServerConnection;

class Engine {
  public:
    static constexpr size_t kReadBuffer = 64 * 1024;
    static constexpr size_t kUpstreamBuffer = 128 * 1024;
    static constexpr size_t kWriteBuffer = 80 * 1024;

    Engine(Loop& loop, const Limits& limits, log::Domain log, observe::Metrics* metrics = nullptr,
           observe::AccessLog* access = nullptr);
    ~Engine();
    Engine(const Engine&) = delete;

    /// The engine of the calling thread's loop, or null.
    static Engine* current();
    static Engine* by_index(unsigned loop);
    /// Makes it current(). Thread: the loop's.
    void adopt_thread();

    /// A request object, recycled. Give it back with recycle(); it is reused after the turn.
    Exchange* take();
    void recycle(Exchange* x);

    /// Stops keeping connections alive: idle ones close now, the others after their response.
    void drain();
    /// Breaks off what is still there.
    void close_all();
    /// Counters and access log. Called once a request.
    void count_request(Exchange& x, mh_status outcome);

    /// "Date: Mon, 23 Nov 2026 18:15:00 GMT\r\n", made once a second.
    std::string_view date_line();

    Loop& loop;
    Limits limits;  // of what this process asks of others; changed by a post
    log::Domain log;
    BlockPool blocks;
    Slabs slabs;  // requests and calls
    h1::Parser parser;
    observe::IdSource ids;
    Upstreams upstreams;
    Tokens tokens;
    observe::Metrics* metrics;  // null: nothing is counted
    RequestMetrics requests;
    observe::AccessLog* access_log;
    std::vector<ServerConnection*> connections;  // each knows its place
    bool draining = false;

    /// Bytes of one read; valid until the next.
    std::unique_ptr<char[]> read_buffer, upstream_buffer;
    /// Where heads are built before they are sent.
    std::unique_ptr<char[]> write_buffer;

  private:
    std::vector<Slabs::Owner<Exchange>> free_;
    std::vector<Exchange*> resting_;
    uint64_t date_second_ = ~uint64_t{0};
    std::array<char, 48> date_{};
    struct AccessTick : Timer {
        Engine* owner;
    } access_tick_;
};

}  // namespace microhost::http
