// SPDX-License-Identifier: Apache-2.0
#include "loop/wheel.hpp"

#include <algorithm>
#include <bit>

namespace microhost {

void Timer::unlink() {
    if (!wheel_) return;
    unsigned slot = filed_at_ % Wheel::kSlots;
    if (prev_)
        prev_->next_ = next_;
    else
        wheel_->slots_[slot] = next_;
    if (next_) next_->prev_ = prev_;
    if (!wheel_->slots_[slot]) wheel_->used_[slot / 64] &= ~(uint64_t{1} << slot % 64);
    prev_ = next_ = nullptr;
    wheel_ = nullptr;
}

void Wheel::file(Timer& t, uint64_t tick) {
    unsigned slot = tick % kSlots;
    t.filed_at_ = tick;
    t.wheel_ = this;
    t.prev_ = nullptr;
    t.next_ = slots_[slot];
    if (t.next_) t.next_->prev_ = &t;
    slots_[slot] = &t;
    used_[slot / 64] |= uint64_t{1} << slot % 64;
}

void Wheel::arm(Timer& t, uint64_t now_ms, uint64_t delay_ms) {
    // One tick for rounding up, one because part of the running tick is over already.
    uint64_t deadline = now_ms / kTickMs + (delay_ms + kTickMs - 1) / kTickMs + 1;
    deadline = std::max(deadline, tick_ + 1);
    t.deadline_ = deadline;
    if (t.wheel_ && t.filed_at_ <= deadline && t.filed_at_ > tick_) return;
    t.unlink();
    file(t, std::min(deadline, tick_ + kSlots - 1));
}

void Wheel::run_slot(uint64_t tick) {
    // Firing may arm or destroy any timer of this slot, so take them one by one from the front.
    unsigned slot = tick % kSlots;
    while (Timer* t = slots_[slot]) {
        t->unlink();
        if (t->deadline_ == Timer::kNever) continue;
        if (t->deadline_ > tick) {
            file(*t, std::min(t->deadline_, tick + kSlots - 1));
            continue;
        }
        t->deadline_ = Timer::kNever;
        t->fire(*t);
    }
}

void Wheel::advance(uint64_t now_ms) {
    uint64_t now = now_ms / kTickMs;
    while (tick_ < now) {
        ++tick_;
        if (used_[tick_ % kSlots / 64] >> (tick_ % 64) & 1) run_slot(tick_);
    }
}

int Wheel::next_timeout_ms(uint64_t now_ms) const {
    for (unsigned ahead = 1; ahead <= kSlots;) {
        unsigned slot = (tick_ + ahead) % kSlots;
        uint64_t bits = used_[slot / 64] >> (slot % 64);
        if (bits) {
            uint64_t due_ms = (tick_ + ahead + std::countr_zero(bits)) * kTickMs;
            return due_ms > now_ms ? static_cast<int>(due_ms - now_ms) : 0;
        }
        ahead += 64 - slot % 64;
    }
    return -1;
}

}  // namespace microhost
