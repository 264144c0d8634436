// SPDX-License-Identifier: Apache-2.0
/// One loop with HTTP, turned by the test itself: requests come through a socket pair, a function answers them.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>

#include "http/engine.hpp"
#include "http/exchange.hpp"
#include "http/h1/server_connection.hpp"
#include "observe/log.hpp"

namespace microhost::http {

struct LoopRig {
    using Handler = std::function<mh_status(mh_req*)>;

    explicit LoopRig(Handler h = {}) : answer(std::move(h)) {
        loop.adopt_thread();
        engine.adopt_thread();
        handler.size = sizeof handler;
        handler.user = this;
        handler.on_request = [](void*, void* user, mh_req* r, const mh_header*, uint32_t) {
            return static_cast<LoopRig*>(user)->answer(r);
        };
        handler.on_done = [](void*, void* user, mh_req*, mh_status how) {
            static_cast<LoopRig*>(user)->done++;
            static_cast<LoopRig*>(user)->outcome = how;
        };
        site.listener = site.module = "rig";
        program.module = "rig";
        program.handler = &handler;
        site.program = &program;
    }
    ~LoopRig() {
        if (client >= 0) close(client);
        engine.close_all();
        turn();
    }

    /// A connection that sends these bytes.
    void send(const std::string& bytes) {
        if (client < 0) {
            int pair[2];
            if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
                return;
            client = pair[1];
            ServerConnection::open(engine, site, net::Stream(pair[0]), net::Address{});
        }
        [[maybe_unused]] ssize_t n = write(client, bytes.data(), bytes.size());
    }
    void turn() { loop.turn(5); }
    /// False when it did not come within ten seconds.
    bool until(const std::function<bool()>& condition) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > limit) return false;
            turn();
        }
        return true;
    }
    /// Takes what is there. False at the end of the stream.
    bool receive(size_t most = 1 << 20) {
        std::string part(most, '\0');
        const ssize_t n = recv(client, part.data(), part.size(), 0);
        if (n > 0) received.append(part, 0, static_cast<size_t>(n));
        return n > 0 || (n < 0 && errno == EAGAIN);
    }
    bool receive_until(std::string_view text) {
        return until([&] {
            receive();
            return received.find(text) != received.npos;
        });
    }
    bool receive_end() {
        return until([&] { return !receive(); });
    }
    void leave() {
        close(client);
        client = -1;
    }

    std::unique_ptr<log::Log> log = [] {
        log::Options o;
        o.path = "/dev/null";
        return *log::Log::open(o);
    }();
    Loop loop{0};
    Limits limits;
    Engine engine{loop, limits, log->domain("test")};
    Program program;
    Site site;
    mh_http_handler handler{};
    Handler answer;
    int client = -1;
    std::string received;
    int done = 0;
    mh_status outcome = 1;
};

}  // namespace microhost::http
