// SPDX-License-Identifier: Apache-2.0
/// A line of an interactive session, run by a process of its own that has the terminal until it ends.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tool/spawn.hpp"
#include "tool/terminal_mode.hpp"

namespace microhost::tool {

/// While it runs SIGINT is not ours: the terminal sends it to the whole group, this process among it, and one that somebody
/// sends to us alone is passed on. SIGQUIT is ignored. One at a time. Thread: main.
class LineProcess : public std::enable_shared_from_this<LineProcess> {
  public:
    LineProcess(boost::asio::io_context& io, std::function<void(int)> on_end);
    /// Asks it to end when it still runs, and makes it end soon.
    ~LineProcess();
    LineProcess(const LineProcess&) = delete;
    LineProcess& operator=(const LineProcess&) = delete;

    /// errno, or 0: then on_end(status) comes once, as the last thing it does.
    int start(const std::string& program, const std::vector<std::string>& args);
    void signal(int number);

  private:
    void ended();
    int collect();

    boost::asio::posix::stream_descriptor watch_;
    std::function<void(int)> on_end_;
    TerminalMode mode_;
    pid_t pid_ = -1;
    bool asked_ = false;  ///< to end: a second time it would not even tidy up
};

}  // namespace microhost::tool
