// SPDX-License-Identifier: Apache-2.0
// The part of a generation's life that happens on the loops.
#include <algorithm>
#include <atomic>
#include <ctime>
#include <set>

#include "loop/loop.hpp"
#include "module/environment.hpp"
#include "module/file_watch.hpp"
#include "module/generation.hpp"
#include "module/health.hpp"
#include "module/timers.hpp"

namespace microhost::module {
namespace {

uint64_t monotonic_ns() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

struct Once : Timer {
    std::function<void()> call;
};

/// Those that wait. A generation may still be waited for when the process ends: they go with it. Thread: main.
std::set<Once*>& waiting() {
    static auto& all = *new std::set<Once*>;
    return all;
}

/// Calls fn once on this loop after `ms`.
void later(Loop& loop, uint64_t ms, std::function<void()> fn) {
    auto* once = new Once;
    waiting().insert(once);
    once->call = std::move(fn);
    once->fire = [](Timer& t) {
        std::unique_ptr<Once> self(static_cast<Once*>(&t));
        waiting().erase(self.get());
        self->call();
    };
    loop.arm(*once, ms);
}

}  // namespace

bool Generation::make_shard(unsigned loop) {
    LoopSide& at = loops_[loop];
    if (module_->shard_create) {
        at.shard = guarded(side_, "shard_create", static_cast<void*>(nullptr),
                           [&] { return module_->shard_create(module_, loop); });
        if (!at.shard) return false;
    }
    at.live = true;
    return true;
}

void Generation::at_end(unsigned loop, void (*fn)(HostSide&)) {
    auto& ends = loops_[loop].ends;
    if (std::find(ends.begin(), ends.end(), fn) == ends.end()) ends.push_back(fn);
}

void Generation::run_ends(unsigned loop) {
    for (auto* fn : std::exchange(loops_[loop].ends, {})) fn(side_);
}

void Generation::drop_shard(unsigned loop) {
    LoopSide& at = loops_[loop];
    run_ends(loop);
    side_.environment.timers->end(side_, loop);
    if (at.shard && module_->shard_destroy)
        guarded(side_, "shard_destroy", [&] { module_->shard_destroy(module_, at.shard); });
    at.shard = nullptr;
    at.live = false;
}

void Generation::make_shards(std::function<void(Result<>)> done) {
    struct Made {  // on how many loops, and why not on the others
        std::atomic<unsigned> made{0};
        std::mutex mutex;
        std::string why;
    };
    auto outcome = std::make_shared<Made>();
    Environment& e = side_.environment;
    e.on_every_loop(
        [this, outcome](unsigned loop) {
            if (make_shard(loop)) {
                outcome->made++;
            } else {
                std::scoped_lock lock(outcome->mutex);
                outcome->why = take_report(side_);
            }
        },
        [this, outcome, &e, done = std::move(done)] {
            if (outcome->made == e.loops.size()) return done({});
            stage_ = Stage::failed;
            done(error("{}: {}", path(),
                       outcome->why.empty() ? "shard_create() failed: it answered NULL or threw"
                                            : outcome->why));
        });
}

void Generation::drain(uint64_t deadline_ns) {
    const bool knows = stage_ == Stage::serving;
    stage_ = Stage::draining;
    if (knows && module_->drain)
        guarded(side_, "drain", [&] { module_->drain(module_, deadline_ns); });
}

void Generation::when_idle(uint64_t deadline_ns, std::function<void(bool)> done) {
    auto pins = std::make_shared<std::atomic<uint64_t>>(0);
    side_.environment.on_every_loop(
        [this, pins](unsigned loop) { *pins += loops_[loop].pins; },
        [this, pins, deadline_ns, done = std::move(done)] {
            if (*pins + loops_.back().pins + side_.outstanding.load(std::memory_order_acquire) == 0)
                return done(true);
            if (monotonic_ns() >= deadline_ns) return done(false);
            later(side_.environment.control, Wheel::kTickMs,
                  [this, deadline_ns, done] { when_idle(deadline_ns, done); });
        });
}

void Generation::drop_shards(std::function<void()> done) {
    side_.environment.on_every_loop([this](unsigned loop) { drop_shard(loop); }, std::move(done));
}

void Generation::destroy() {
    if (stage_ == Stage::stopped) return;  // the process and a reload may both end it
    Environment& e = side_.environment;
    run_ends(e.control_index());
    e.timers->end(side_, e.control_index());
    e.files->end(side_);
    e.health->end(side_);
    abort_config();
    if (module_->destroy) guarded(side_, "destroy", [&] { module_->destroy(module_); });
    loops_.back().live = false;
    stage_ = Stage::stopped;
}

// Where it started threads, or threads still have destructors of it to run, the code must stay.
bool Generation::unmap() {
    const bool threads = candidate_->elf.thread_destructors || (flags_ & MH_MODULE_SPAWNS_THREADS);
    return stage_ == Stage::stopped && !pinned() && !threads &&
           side_.panics.load(std::memory_order_relaxed) == 0 && library_.unload();
}

}  // namespace microhost::module
