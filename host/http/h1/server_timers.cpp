// SPDX-License-Identifier: Apache-2.0
// What a connection waits for, and what happens when it does not come.
#include <algorithm>

#include "http/engine.hpp"
#include "http/exchange.hpp"
#include "http/h1/server_connection.hpp"

namespace microhost::http {

void ServerConnection::arm_for_state() {
    const Limits& l = site_->limits;
    flushed_at_timer_ = output_.flushed();
    unsent_at_timer_ = !output_.empty();
    body_bytes_at_timer_ = body_bytes_;
    if (!output_.empty()) return engine_.loop.arm(timer_, l.write_timeout_ms);
    if (state_ == State::body && !raw_) return engine_.loop.arm(timer_, l.body_timeout_ms);
    if (state_ != State::head) return;
    if (shaking_hands_) return engine_.loop.arm(timer_, l.handshake_timeout_ms);
    bool begun = head_begun_ || !served_;
    engine_.loop.arm(timer_, begun ? l.header_timeout_ms : l.idle_timeout_ms);
}

void ServerConnection::on_timer() {
    if (state_ == State::lingering) return close();
    if (!output_.empty()) {
        if (unsent_at_timer_ && output_.flushed() == flushed_at_timer_) {
            // It took nothing for a whole window. Reset, so that the response cannot look whole.
            stream_.close(true);
            return lost(MH_E_TIMEOUT);
        }
        return arm_for_state();
    }
    if (state_ == State::head) {
        if (shaking_hands_) {
            if (!stream_.tls_peer()) return close();
            shaken();
            return arm_for_state();
        }
        if (!head_begun_) return close();
        return refuse_head(408, "the request head did not arrive in time");
    }
    if (state_ != State::body || raw_ || !x_) return;
    const Limits& l = site_->limits;
    uint64_t least = static_cast<uint64_t>(l.body_min_rate) * l.body_timeout_ms / 1000;
    if (!x_->takes_body() || body_bytes_ - body_bytes_at_timer_ >= std::max<uint64_t>(least, 1))
        return arm_for_state();
    x_->fail_request(408, "the request body did not arrive in time");
}

}  // namespace microhost::http
