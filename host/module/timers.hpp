// SPDX-License-Identifier: Apache-2.0
/// The timers of modules: one slab per loop over the loop's wheel; they end with the module's shard.
#pragma once

#include <microhost/base.h>

#include <deque>
#include <memory>
#include <vector>

#include "loop/wheel.hpp"

namespace microhost::module {

struct HostSide;

/// One per process at a time: tokens find it. Thread: each slab belongs to its loop.
class Timers {
  public:
    using Callback = void (*)(void* arg);
    static constexpr size_t kMostPerLoop = 65536;

    /// `loops`: with the control thread's.
    explicit Timers(unsigned loops);
    /// Before the loops are destroyed.
    ~Timers();
    Timers(const Timers&) = delete;
    Timers& operator=(const Timers&) = delete;

    /// On the calling thread's loop; 0 when it has none, or too many timers run there.
    mh_token start(HostSide& side, uint32_t delay_ms, uint32_t period_ms, Callback fn, void* arg);
    static mh_status cancel(mh_token t);
    /// Cancels all of a generation on the calling thread's loop, which has index `loop`.
    void end(const HostSide& side, unsigned loop);

  private:
    struct Slot;
    struct Slab;
    static void fired(Timer& t);
    mh_status stop(mh_token t);

    std::vector<std::unique_ptr<Slab>> slabs_;
};

}  // namespace microhost::module
