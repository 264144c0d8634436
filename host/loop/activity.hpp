// SPDX-License-Identifier: Apache-2.0
/// What a thread does for a module at this moment: noted with a few plain stores, read by the watchdog and by the crash line.
#pragma once

#include <atomic>
#include <cstdint>

namespace microhost::observe {
struct RequestId;
}

namespace microhost {

/// A module in one version and generation. It lives as long as code of the module may run.
struct ModuleMark {
    const char* id = "";
    const char* version = "";
    uint32_t generation = 0;
    const char* build =
        "";  ///< which bytes: what quarantine knows the file by; empty: not asked for
};

/// One of its hooks. It lives as long as the module's mark.
struct HookMark {
    const ModuleMark* module = nullptr;
    const char* name = "";
};

/// One writer, its thread; so no locked instruction is needed.
class Activity {
  public:
    /// The hook that runs, null outside of all. Thread: any. The watchdog may look into it on main: what it points to is
    /// freed there, and only when the hook is over.
    const HookMark* hook() const { return hook_.load(std::memory_order_relaxed); }
    /// Grows with each hook that is entered. Thread: any.
    uint64_t entered() const { return entered_.load(std::memory_order_relaxed); }
    /// The request that the hook works for, or null. Thread: the owner, a signal handler on it included.
    const observe::RequestId* request() const { return request_.load(std::memory_order_relaxed); }
    /// Whether the watchdog has given the thread up. Written on main. Thread: any.
    std::atomic<bool> stalled{false};

    void enter(const HookMark* hook, const observe::RequestId* request) {
        request_.store(request, std::memory_order_relaxed);
        entered_.store(entered() + 1, std::memory_order_relaxed);
        hook_.store(hook, std::memory_order_relaxed);
    }
    void leave(const HookMark* outer, const observe::RequestId* request) {
        hook_.store(outer, std::memory_order_relaxed);
        request_.store(request, std::memory_order_relaxed);
    }

  private:
    std::atomic<const HookMark*> hook_{nullptr};
    std::atomic<uint64_t> entered_{0};
    std::atomic<const observe::RequestId*> request_{nullptr};
};

/// Notes a hook for as long as it lives. Hooks nest.
class InHook {
  public:
    InHook(Activity& a, const HookMark* hook, const observe::RequestId* request)
        : activity_(a), outer_(a.hook()), outer_request_(a.request()) {
        a.enter(hook, request);
    }
    /// For the request that the thread is busy with, if any.
    InHook(Activity& a, const HookMark* hook) : InHook(a, hook, a.request()) {}
    ~InHook() { activity_.leave(outer_, outer_request_); }
    InHook(const InHook&) = delete;

  private:
    Activity& activity_;
    const HookMark* outer_;
    const observe::RequestId* outer_request_;
};

}  // namespace microhost
