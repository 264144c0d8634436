// SPDX-License-Identifier: Apache-2.0
/// The terminal of an app: keys as they come, output that never blocks, its mode put back at the end.
#pragma once

#include <microhost/draft/terminal.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tool/terminal_mode.hpp"

namespace microhost::tool {

/// Thread: main.
class Terminal {
  public:
    struct Events {
        std::function<void(std::string_view)> input;  ///< empty: the end
        std::function<void(uint32_t columns, uint32_t rows)> resize;
        std::function<void()> writable;
    };

    explicit Terminal(boost::asio::io_context& io);
    /// Puts the mode back, and writes what waits as far as somebody reads it.
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    /// MH_TTY_* of what is connected.
    static uint32_t flags();
    /// MH_COLOUR_*.
    static int32_t colours();
    static void dimensions(uint32_t& columns, uint32_t& rows);

    mh_status mode(int32_t mode);
    /// Nothing: nobody reads any more.
    void read(std::optional<Events> events);
    /// `to`: 1 or 2.
    mh_status write(int to, std::string_view bytes);
    /// As it was, now: the process is about to end without its destructors.
    void restore() const { before_.restore(); }

  private:
    /// Standard output or error: what the reader has not taken yet.
    struct Out {
        explicit Out(boost::asio::io_context& io) : ready(io) {}
        boost::asio::posix::stream_descriptor ready;
        std::string waiting;
        int fd = -1;
        bool polled = false;  ///< a wait is under way
        bool gone = false;
        bool refused = false;  ///< MH_E_BUSY was answered
    };

    void wait_for_input();
    void take_input();
    void wait_for_signal();
    void flush(Out& out);
    bool write_some(Out& out, int patience_ms);

    boost::asio::io_context& io_;
    boost::asio::posix::stream_descriptor in_;
    boost::asio::signal_set window_;
    std::array<Out, 2> out_;
    std::array<char, 4096> block_{};
    std::optional<Events> events_;
    TerminalMode before_;
    bool reading_ = false;
};

}  // namespace microhost::tool
