// SPDX-License-Identifier: Apache-2.0
#include "serve/control_thread.hpp"

#include <unistd.h>

namespace microhost::serve {

ControlThread::ControlThread(unsigned index) : loop(index), wake_(io, ::dup(loop.epoll_fd())) {}
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
        io.restart();
        if (wait < 0)
            io.run_one();
        else
            io.run_one_for(std::chrono::milliseconds(wait));
    }
    wake_.cancel();
    io.restart();
    io.poll();
}

}  // namespace microhost::serve
