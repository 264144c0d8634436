// SPDX-License-Identifier: Apache-2.0
/// /broker: topics for those who speak HTTP. POST publishes; a websocket hears a topic, and what it says is published. One for each
/// loop.
#pragma once

#include <microhost/draft/event.h>
#include <microhost/request.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

namespace microhost::proxy {

class Topics {
  public:
    /// The most text that waits for one slow reader; then it is let go (1013).
    static constexpr size_t kMostWaiting = 4u << 20;

    Topics() = default;
    ~Topics();
    Topics(const Topics&) = delete;
    Topics& operator=(const Topics&) = delete;

    /// Answers it. The role has been looked at.
    mh_status on_request(mh::request r);

  private:
    struct Listener {
        Topics* owner;
        mh_ws* socket;
        std::string topic, content_type;
        mh_token token = 0;
        std::deque<std::string> waiting;
        size_t bytes = 0;
    };

    mh_status listen(mh::request r, std::string topic, const std::string& queue);
    static void on_event(void* user, const mh_event* e);
    static void on_message(void* user, mh_ws* w, int32_t opcode, mh_seg message);
    static void on_writable(void* user, mh_ws* w);
    static void on_close(void* user, mh_ws* w, uint32_t code, mh_str reason);
    static void flush(Listener& l);
    static void end(Listener& l);

    std::map<mh_ws*, std::unique_ptr<Listener>> all_;
};

}  // namespace microhost::proxy
