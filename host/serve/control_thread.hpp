// SPDX-License-Identifier: Apache-2.0
/// The control thread: one more loop, which Boost.Asio waits on together with signals, files and child processes.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "loop/loop.hpp"

namespace microhost::serve {

class ControlThread {
  public:
    /// `index`: one behind the request loops.
    explicit ControlThread(unsigned index);
    ~ControlThread();

    boost::asio::io_context io;
    Loop loop;

    /// Works until stop(). Thread: the one that calls it becomes [main].
    void run();
    void stop() { loop.stop(); }

  private:
    boost::asio::posix::stream_descriptor wake_;
};

}  // namespace microhost::serve
