// SPDX-License-Identifier: Apache-2.0
#include "http/tokens.hpp"

#include "http/exchange.hpp"

namespace microhost::http {

mh_token Tokens::open(Exchange& x, uint32_t timeout_ms) {
    uint32_t i = free_;
    if (i == ~0u) {
        if (slots_.size() == kMost) return 0;
        i = static_cast<uint32_t>(slots_.size());
        slots_.emplace_back().fire = [](Timer& t) {
            static_cast<Slot&>(t).x->on_suspension_timeout();
        };
    } else {
        free_ = slots_[i].next_free;
    }
    Slot& s = slots_[i];
    s.x = &x;
    loop_.arm(s, timeout_ms);
    return static_cast<mh_token>(s.generation) << 32 | static_cast<mh_token>(loop_.index()) << 20 |
           i;
}

Exchange* Tokens::find(mh_token t) const {
    uint32_t i = t & (kMost - 1);
    if (i >= slots_.size() || slots_[i].generation != t >> 32) return nullptr;
    return slots_[i].x;
}

void Tokens::close(mh_token t) {
    if (!find(t)) return;
    uint32_t i = t & (kMost - 1);
    Slot& s = slots_[i];
    Wheel::disarm(s);
    s.x = nullptr;
    if (++s.generation == 0) s.generation = 1;
    s.next_free = free_;
    free_ = i;
}

}  // namespace microhost::http
