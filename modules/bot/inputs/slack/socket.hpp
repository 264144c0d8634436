// SPDX-License-Identifier: Apache-2.0
/// One socket of Socket Mode: from the ticket to its end. Each frame that has to be is acknowledged before anything else.
#pragma once

#include <microhost/watch.hpp>
#include <microhost/websocket.hpp>

#include <functional>
#include <string>
#include <string_view>

#include "api.hpp"
#include "envelopes.hpp"

namespace microhost::bot::slack {

/// How a socket came to its end, or that it will.
struct SocketEnd {
    bool hopeless = false;  ///< only another token or another setting helps
    std::chrono::seconds retry_after{0};
    std::string why;  ///< a part of a sentence
};

/// [main]
class Socket {
  public:
    struct Calls {
        std::function<void(Socket&)> on_ready;
        /// Already acknowledged.
        std::function<void(const Heard&)> on_heard;
        /// Slack is about to close it: another one is to be opened now, while this one is still heard.
        std::function<void(Socket&)> on_leaving;
        /// The last call; the socket may be destroyed in it.
        std::function<void(Socket&, const SocketEnd&)> on_end;
    };
    Socket(Api& api, Calls calls, bool debug)
        : api_(api), calls_(std::move(calls)), debug_(debug) {}

    ~Socket() { api_.cancel(asking_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    /// Asks for a ticket and connects with it.
    void open(std::string_view app_token);
    /// Says goodbye, and nothing more.
    void close();
    bool ready() const { return ready_; }
    bool leaving() const { return leaving_; }

  private:
    void connect(const Answer& ticket);
    void on_frame(std::string_view text);
    void on_disconnect(const std::string& reason);
    void end(SocketEnd e);

    Api& api_;
    Calls calls_;
    bool debug_, ready_ = false, leaving_ = false, over_ = false;
    Api::Ticket asking_ = 0;
    mh::websocket ws_;
    mh::timer patience_;  // until hello
};

}  // namespace microhost::bot::slack
