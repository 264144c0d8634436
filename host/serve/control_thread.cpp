// SPDX-License-Identifier: Apache-2.0
#include "serve/control_thread.hpp"

#include <unistd.h>

namespace microhost::serve {

ControlThread::ControlThread(unsigned index) : loop(index), wake_(io, ::dup(loop.epoll_fd())), due_(io) {}
ControlThread::~ControlThread() = default;

// Asio sleeps; the loop's epoll set and its next timer are two of the things that wake it.
void ControlThread::run() {
    loop.adopt_thread();
    bool watching = false;
    while (!loop.stopped()) {
        loop.turn(0);
        if (loop.stopped()) break;
        io.restart();
        io.poll();
        int wait = loop.wait_hint();
        if (wait == 0) continue;
        if (!watching) {
            watching = true;
            wake_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                             [&watching](const boost::system::error_code&) { watching = false; });
        }
        if (wait > 0) {
            due_.expires_after(std::chrono::milliseconds(wait));
            due_.async_wait([](const boost::system::error_code&) {});
        }
        io.restart();
        io.run_one();
    }
    wake_.cancel();
    due_.cancel();
    io.restart();
    io.poll();
}

}  // namespace microhost::serve
