// SPDX-License-Identifier: Apache-2.0
/// Suspended requests by token: a stale token finds nothing, whatever became of the request.
#pragma once

#include <microhost/base.h>

#include <deque>

#include "loop/loop.hpp"

namespace microhost::http {

class Exchange;

/// The suspensions of one loop. A token is {generation:32, loop:12, slot:20}.
class Tokens {
  public:
    explicit Tokens(Loop& loop) : loop_(loop) {}

    /// 0 when too many are open. After `timeout_ms` Exchange::on_suspension_timeout is called.
    mh_token open(Exchange& x, uint32_t timeout_ms);
    Exchange* find(mh_token t) const;
    void close(mh_token t);
    static unsigned loop_of(mh_token t) { return static_cast<unsigned>(t >> 20 & 0xfff); }

  private:
    static constexpr uint32_t kMost = 1u << 20;
    struct Slot : Timer {
        Exchange* x = nullptr;
        uint32_t generation = 1;
        uint32_t next_free = 0;
    };
    Loop& loop_;
    std::deque<Slot> slots_;  // addresses stay, timers point at them
    uint32_t free_ = ~0u;
};

}  // namespace microhost::http
