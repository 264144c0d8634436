// SPDX-License-Identifier: Apache-2.0
#include "loop/loop.hpp"

#include "module/abi/tables.hpp"
#include "module/environment.hpp"
#include "module/generation.hpp"
#include "module/host_side.hpp"

namespace microhost::module {
namespace {

using Fn = void (*)(void* shard, void* arg);
using Drop = void (*)(void* arg);

/// Work of a module on its way to a loop. Either fn or drop gets `arg`, whatever happens.
struct Posted : Task {
    HostSide* side;
    unsigned loop;
    Fn fn;
    Drop on_drop;
    void* arg;

    void finish(bool run_it) {
        Generation& g = side->generation;
        if (run_it && g.live(loop))
            guarded(*side, "loop.post", [&] { fn(g.shard(loop), arg); });
        else if (on_drop)
            guarded(*side, "loop.drop", [&] { on_drop(arg); });
        side->outstanding.fetch_sub(1, std::memory_order_release);
        delete this;
    }
};

uint32_t count(const mh_host* h) {
    const HostSide* side = HostSide::find(h);
    return side ? static_cast<uint32_t>(side->environment.loops.size()) : 0;
}

mh_status post(const mh_host* h, uint32_t loop, Fn fn, void* arg, Drop drop) {
    HostSide* side = HostSide::find(h);
    if (!side || !fn) return MH_E_INVALID;
    Environment& e = side->environment;
    if (loop != MH_LOOP_MAIN && loop >= e.loops.size()) return MH_E_INVALID;
    Loop& target = loop == MH_LOOP_MAIN ? e.control : *e.loops[loop];
    auto* p = new Posted;
    p->run = [](Task* t) { static_cast<Posted*>(t)->finish(true); };
    p->Task::drop = [](Task* t) { static_cast<Posted*>(t)->finish(false); };
    p->side = side;
    p->loop = loop == MH_LOOP_MAIN ? e.control_index() : loop;
    p->fn = fn;
    p->on_drop = drop;
    p->arg = arg;
    side->outstanding.fetch_add(1, std::memory_order_relaxed);
    target.post(static_cast<Task*>(p));
    return MH_OK;
}

mh_status broadcast(const mh_host* h, Fn fn, void* arg, void (*done)(void*)) {
    HostSide* side = HostSide::find(h);
    if (!side || !fn) return MH_E_INVALID;
    side->outstanding.fetch_add(1, std::memory_order_relaxed);
    side->environment.on_every_loop(
        [side, fn, arg](unsigned loop) {
            Generation& g = side->generation;
            if (g.live(loop)) guarded(*side, "loop.broadcast", [&] { fn(g.shard(loop), arg); });
        },
        [side, done, arg] {
            if (done) guarded(*side, "loop.done", [&] { done(arg); });
            side->outstanding.fetch_sub(1, std::memory_order_release);
        });
    return MH_OK;
}

}  // namespace

const mh_loop kLoopTable{sizeof(mh_loop), 0, count, post, broadcast};

}  // namespace microhost::module
