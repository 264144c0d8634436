// SPDX-License-Identifier: Apache-2.0
/// A lazy timer wheel: 512 slots of 100 ms. Moving a deadline later is one store; a timer is re-filed when its slot comes.
#pragma once

#include <array>
#include <cstdint>

namespace microhost {

class Wheel;

/// A deadline of some object, embedded in it. Belongs to one wheel; not copied, not moved.
class Timer {
  public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { unlink(); }

    /// Called on the loop when the deadline has passed. The timer is disarmed before.
    void (*fire)(Timer&) = nullptr;
    bool armed() const { return deadline_ != kNever; }

  private:
    friend class Wheel;
    static constexpr uint64_t kNever = ~uint64_t{0};
    void unlink();

    Timer* prev_ = nullptr;
    Timer* next_ = nullptr;
    Wheel* wheel_ = nullptr;      // set while filed
    uint64_t deadline_ = kNever;  // tick
    uint64_t filed_at_ = 0;       // tick of the slot that holds it; never later than deadline_
};

class Wheel {
  public:
    static constexpr uint64_t kTickMs = 100;

    explicit Wheel(uint64_t now_ms) : tick_(now_ms / kTickMs) {}

    /// Fires `delay_ms` from now or up to two ticks later, never early.
    void arm(Timer& t, uint64_t now_ms, uint64_t delay_ms);
    /// Cheap: the timer stays filed and is dropped when its slot comes.
    static void disarm(Timer& t) { t.deadline_ = Timer::kNever; }

    /// Fires what is due.
    void advance(uint64_t now_ms);
    /// Milliseconds until something may be due; -1 when nothing is filed.
    int next_timeout_ms(uint64_t now_ms) const;

  private:
    friend class Timer;
    static constexpr unsigned kSlots = 512;
    void file(Timer& t, uint64_t tick);
    void run_slot(uint64_t tick);

    uint64_t tick_;  // all slots up to and including this one have run
    std::array<Timer*, kSlots> slots_{};
    std::array<uint64_t, kSlots / 64> used_{};  // one bit a slot that is not empty
};

}  // namespace microhost
