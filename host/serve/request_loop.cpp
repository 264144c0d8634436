// SPDX-License-Identifier: Apache-2.0
#include "serve/request_loop.hpp"

#include <pthread.h>

#include <cstdio>
#include <random>

#include "supervise/crash_line.hpp"

namespace microhost::serve {

RequestLoop::RequestLoop(unsigned index, const http::Limits& limits, log::Domain log,
                         observe::Metrics* metrics, observe::AccessLog* access)
    : loop(index),
      http(loop, limits, log, metrics, access),
      rpc(http, std::random_device{}(), metrics) {}

RequestLoop::~RequestLoop() { stop(); }

void RequestLoop::start() {
    thread = std::thread([this] {
        const supervise::CrashStack stack;
        char name[16];
        snprintf(name, sizeof name, "loop-%u", loop.index());
        pthread_setname_np(pthread_self(), name);
        http.adopt_thread();
        rpc.adopt_thread();
        loop.run();
    });
}

void RequestLoop::stop() {
    if (!thread.joinable()) return;
    loop.stop();
    thread.join();
    loop.close_queue();
}

}  // namespace microhost::serve
