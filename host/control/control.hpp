// SPDX-License-Identifier: Apache-2.0
/// The control socket: health, readiness, metrics and what the process is made of, over HTTP, from the control thread.
#pragma once

#include <memory>

#include "control/sources.hpp"
#include "result.hpp"

namespace microhost::control {

/// Answers as long as the control thread turns, whatever the request loops do. Thread: main.
class Control {
  public:
    explicit Control(Sources sources);
    /// After close() and the loop's last turn. What has a timer or a descriptor on that loop must still be there: it is
    /// turned once more, so that closed connections are freed.
    ~Control();
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

    /// Listens on the Unix socket (0600) and, if there is an address, on TCP; starts the watchdog. From now on
    /// /healthz answers and /readyz says that the start is not over. Errors: of the sockets, with the address.
    Result<> open();
    /// Everything is started: /readyz may say so.
    /// The instance is ours from now on: the Unix socket moves to `path`, and the TCP address is taken as soon as it is free.
    Result<> take_over(const std::string& path);
    /// Gives the TCP address up.
    void leave();
    /// Milliseconds, of the loop that has been in one turn for longest.
    uint64_t longest_stall() const;
    /// Somebody wants to know what passes: it is measured from now on. Again: nothing.
    void measure_traffic();
    void set_ready(bool ready);
    /// A stop was asked for: /readyz fails from now on. Call it before the drain delay.
    void set_draining();
    /// Ends the connections and the watchdog. The socket's file is removed.
    void close();

    /// "127.0.0.1:9090": the real one, or empty.
    const std::string& tcp_address() const;

  private:
    struct State;
    std::unique_ptr<State> s_;
};

}  // namespace microhost::control
