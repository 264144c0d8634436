// SPDX-License-Identifier: Apache-2.0
#include "serve/signals.hpp"

#include <csignal>
#include <cstdlib>

namespace microhost::serve {

Signals::Signals(boost::asio::io_context& io, std::function<void()> stop,
                 std::function<void()> reload)
    : set_(io, SIGTERM, SIGINT, SIGHUP), stop_(std::move(stop)), reload_(std::move(reload)) {
    wait();
}

void Signals::wait() {
    set_.async_wait([this](const boost::system::error_code& ec, int number) {
        if (ec) return;
        if (number == SIGHUP) {
            reload_();
        } else if (stopping_) {
            std::_Exit(128 + number);  // asked twice: nothing is worth waiting for
        } else {
            stopping_ = true;
            stop_();
        }
        wait();
    });
}

}  // namespace microhost::serve
