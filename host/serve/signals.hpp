// SPDX-License-Identifier: Apache-2.0
/// The signals that steer the process: SIGTERM and SIGINT stop, SIGHUP reloads.
#pragma once

#include <boost/asio/signal_set.hpp>

#include <functional>

namespace microhost::serve {

class Signals {
  public:
    /// `stop`: first SIGTERM or SIGINT; a second one ends the process at once. `reload`: each SIGHUP. Thread: main.
    Signals(boost::asio::io_context& io, std::function<void()> stop, std::function<void()> reload);
    void close() { set_.cancel(); }

  private:
    void wait();
    boost::asio::signal_set set_;
    std::function<void()> stop_, reload_;
    bool stopping_ = false;
};

}  // namespace microhost::serve
