// SPDX-License-Identifier: Apache-2.0
#include "rpc/registry_desk.hpp"

#include <algorithm>
#include <utility>

#include "loop/loop.hpp"
#include "module/generation.hpp"
#include "module/host_side.hpp"

namespace microhost::rpc {
namespace {

thread_local RegistryDesk* current_desk = nullptr;

// The thread's number in front, so that a token of another thread is told from one that is over.
uint64_t thread_bits() { return uint64_t{Loop::current() ? Loop::current()->index() : 255} << 56; }

void end_watches(module::HostSide& side) {
    if (current_desk) current_desk->end(side);
}

}  // namespace

RegistryDesk::RegistryDesk() : snapshot_(std::make_shared<registry::Snapshot>()) {}

RegistryDesk::~RegistryDesk() {
    if (current_desk == this) current_desk = nullptr;
}

RegistryDesk* RegistryDesk::current() { return current_desk; }
void RegistryDesk::adopt_thread() { current_desk = this; }

RegistryDesk::SnapshotPtr RegistryDesk::adopt(SnapshotPtr s) {
    SnapshotPtr old = std::exchange(snapshot_, std::move(s));
    // Who begins to watch meanwhile has seen the new one already.
    const size_t n = watches_.size();
    telling_++;
    for (size_t i = 0; i < n; i++) tell(i);
    telling_--;
    sweep();
    return old;
}

void RegistryDesk::tell(size_t at) {
    const Watch w = watches_[at];  // the list may grow during the call
    if (!w.fn) return;
    const mh_registry_view* v = view_of(*snapshot_);
    if (w.side)
        module::guarded(*w.side, "registry.watch", [&] { w.fn(w.user, v); });
    else
        w.fn(w.user, v);
}

const mh_registry_view* RegistryDesk::retain(const mh_registry_view* v) {
    for (Kept& k : kept_)
        if (view_of(*k.snapshot) == v) {
            k.count++;
            return v;
        }
    if (v != view_of(*snapshot_)) return nullptr;
    kept_.push_back({snapshot_, 1});
    return v;
}

void RegistryDesk::release(const mh_registry_view* v) {
    auto it = std::find_if(kept_.begin(), kept_.end(),
                           [&](const Kept& k) { return view_of(*k.snapshot) == v; });
    if (it != kept_.end() && --it->count == 0) kept_.erase(it);
}

mh_token RegistryDesk::watch(module::HostSide* side, Fn fn, void* user) {
    const mh_token token = thread_bits() | ++tokens_;
    watches_.push_back({token, side, fn, user});
    if (side) {
        const unsigned loop = Loop::current() ? Loop::current()->index() : 0;
        side->generation.at_end(loop, end_watches);
    }
    telling_++;
    tell(watches_.size() - 1);
    telling_--;
    sweep();
    return token;
}

mh_status RegistryDesk::unwatch(mh_token t) {
    if (t >> 56 != thread_bits() >> 56) return MH_E_WRONG_THREAD;
    for (Watch& w : watches_)
        if (w.token == t && w.fn) {
            w.fn = nullptr;
            sweep();
            return MH_OK;
        }
    return MH_E_GONE;
}

void RegistryDesk::end(const module::HostSide& side) {
    for (Watch& w : watches_)
        if (w.side == &side) w.fn = nullptr;
    sweep();
}

void RegistryDesk::sweep() {
    if (telling_ == 0) std::erase_if(watches_, [](const Watch& w) { return !w.fn; });
}

}  // namespace microhost::rpc
