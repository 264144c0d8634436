// SPDX-License-Identifier: Apache-2.0
/// The host's side of one generation: what `mh_host.impl` points to, and what every interface reaches through it.
#pragma once

#include <microhost/core.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "module/call_costs.hpp"
#include "observe/log.hpp"

namespace microhost::module {

struct Environment;
class Generation;
class KvNamespace;

struct HostSide {
    mh_host table{};  ///< what the module holds; table.impl is this
    Environment& environment;
    Generation& generation;
    log::Domain log;
    std::string id;
    KvNamespace* kv = nullptr;
    CallCosts costs;
    /// Posted work, blocking work: callbacks that are still to come. The module is not destroyed before they came.
    std::atomic<uint64_t> outstanding{0};
    std::atomic<uint64_t> panics{0};

    HostSide(Environment& e, Generation& g, log::Domain d, std::string module_id)
        : environment(e), generation(g), log(d), id(std::move(module_id)) {}

    /// Of a handle that is known to be ours.
    static HostSide& of(const mh_host* h) { return *static_cast<HostSide*>(h->impl); }
    /// Null for what cannot be one: what a module passed is checked as far as that is cheap.
    static HostSide* find(const mh_host* h) {
        return h && h->impl ? static_cast<HostSide*>(h->impl) : nullptr;
    }

    /// An exception came out of `hook`: one line in the log. Thread: any.
    void panicked(const char* hook, const char* what) noexcept;
};

/// What a module said with host->error(), on this thread.
struct Reported {
    mh_status code = 0;
    std::string where, text;
};

/// Keeps it for the caller of the hook that is running on this thread.
void report(const HostSide& side, mh_status code, std::string_view where, std::string_view text);
/// What `side` reported last on this thread, as a sentence ("text (at /key)"), or empty; forgets it.
std::string take_report(const HostSide& side);

/// Calls into a module. An exception that comes out is logged and answered with `on_panic`; on a loop the call is counted and
/// timed under `hook`, a literal. Thread: the hook's.
template <class R, class F>
R guarded(HostSide& side, const char* hook, R on_panic, F&& call) noexcept {
    const InCall in(side.costs, hook);
    try {
        return std::forward<F>(call)();
    } catch (const std::exception& e) {
        side.panicked(hook, e.what());
    } catch (...) {
        side.panicked(hook, "an exception of unknown type");
    }
    return on_panic;
}
template <class F>
void guarded(HostSide& side, const char* hook, F&& call) noexcept {
    guarded(side, hook, 0, [&] {
        std::forward<F>(call)();
        return 0;
    });
}

/// For entry points that allocate: what runs out of memory is an error code, not an exception on its way into C.
template <class F>
mh_status guard_status(F&& call) noexcept {
    try {
        return call();
    } catch (...) {
        return MH_E_NOMEM;
    }
}

inline std::string_view view(mh_str s) {
    return s.ptr ? std::string_view(s.ptr, s.len) : std::string_view{};
}
inline std::string_view view(mh_seg s) {
    return s.ptr ? std::string_view(reinterpret_cast<const char*>(s.ptr), s.len)
                 : std::string_view{};
}
/// A length without a pointer.
inline bool broken(mh_str s) { return !s.ptr && s.len; }
inline bool broken(mh_seg s) { return !s.ptr && s.len; }
inline mh_str lend(std::string_view s) { return {s.data(), s.size()}; }

/// "MH_E_TIMEOUT".
std::string status_name(mh_status s);

}  // namespace microhost::module
