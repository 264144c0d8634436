// SPDX-License-Identifier: Apache-2.0
/// A request loop: its thread, and the engines that work on it.
#pragma once

#include <memory>
#include <thread>

#include "http/engine.hpp"
#include "loop/loop.hpp"
#include "rpc/engine.hpp"

namespace microhost::serve {

struct RequestLoop {
    RequestLoop(unsigned index, const http::Limits& limits, log::Domain log,
                observe::Metrics* metrics, observe::AccessLog* access);
    ~RequestLoop();

    void start();
    /// Ends the thread. Nothing may be posted that needs it afterwards.
    void stop();

    Loop loop;
    http::Engine http;
    rpc::Engine rpc;
    std::thread thread;
};

}  // namespace microhost::serve
