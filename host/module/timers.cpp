// SPDX-License-Identifier: Apache-2.0
#include "module/timers.hpp"

#include <atomic>

#include "loop/loop.hpp"
#include "module/host_side.hpp"

namespace microhost::module {
namespace {

// cancel() has nothing but a token.
std::atomic<Timers*> current_timers{nullptr};

// A token: loop (8 bits), slot (24), times the slot was used (32, never 0).
mh_token token_of(unsigned loop, uint32_t slot, uint32_t use) {
    return mh_token{loop} << 56 | mh_token{slot} << 32 | use;
}

}  // namespace

struct Timers::Slot : Timer {
    HostSide* side = nullptr;  // null: free
    Callback callback = nullptr;
    void* arg = nullptr;
    uint32_t period_ms = 0;
    uint32_t use = 1;
    uint32_t index = 0;
    Slab* slab = nullptr;
};

struct Timers::Slab {
    std::deque<Slot> slots;  // never move
    std::vector<uint32_t> free;

    void release(Slot& s) {
        Wheel::disarm(s);
        s.side = nullptr;
        if (++s.use == 0) s.use = 1;
        free.push_back(s.index);
    }
};

Timers::Timers(unsigned loops) {
    for (unsigned i = 0; i < loops; i++) slabs_.push_back(std::make_unique<Slab>());
    current_timers.store(this, std::memory_order_release);
}

Timers::~Timers() {
    Timers* self = this;
    current_timers.compare_exchange_strong(self, nullptr);
}

mh_token Timers::start(HostSide& side, uint32_t delay_ms, uint32_t period_ms, Callback fn,
                       void* arg) {
    Loop* loop = Loop::current();
    if (!loop || !fn || loop->index() >= slabs_.size()) return 0;
    Slab& slab = *slabs_[loop->index()];
    if (slab.free.empty()) {
        if (slab.slots.size() == kMostPerLoop) return 0;
        Slot& fresh = slab.slots.emplace_back();
        fresh.index = static_cast<uint32_t>(slab.slots.size() - 1);
        fresh.slab = &slab;
        fresh.fire = fired;
        slab.free.push_back(fresh.index);
    }
    Slot& s = slab.slots[slab.free.back()];
    slab.free.pop_back();
    s.side = &side;
    s.callback = fn;
    s.arg = arg;
    s.period_ms = period_ms;
    loop->arm(s, delay_ms);
    return token_of(loop->index(), s.index, s.use);
}

void Timers::fired(Timer& t) {
    Slot& s = static_cast<Slot&>(t);
    HostSide& side = *s.side;
    const Callback callback = s.callback;
    void* const arg = s.arg;
    // Before the call: it may cancel this timer, or start another one in its place.
    if (s.period_ms)
        Loop::current()->arm(s, s.period_ms);
    else
        s.slab->release(s);
    guarded(side, "timer", [&] { callback(arg); });
}

mh_status Timers::cancel(mh_token t) {
    Timers* timers = current_timers.load(std::memory_order_acquire);
    return timers ? timers->stop(t) : MH_E_GONE;
}

mh_status Timers::stop(mh_token t) {
    const auto index = static_cast<unsigned>(t >> 56);
    const Loop* loop = Loop::current();
    if (t == 0 || index >= slabs_.size()) return MH_E_INVALID;
    if (!loop || loop->index() != index) return MH_E_WRONG_THREAD;
    Slab& slab = *slabs_[index];
    const uint32_t slot = (t >> 32) & 0xffffff;
    if (slot >= slab.slots.size()) return MH_E_INVALID;
    Slot& s = slab.slots[slot];
    if (!s.side || s.use != static_cast<uint32_t>(t)) return MH_E_GONE;
    slab.release(s);
    return MH_OK;
}

void Timers::end(const HostSide& side, unsigned loop) {
    for (Slot& s : slabs_[loop]->slots)
        if (s.side == &side) slabs_[loop]->release(s);
}

}  // namespace microhost::module
