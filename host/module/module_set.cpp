// SPDX-License-Identifier: Apache-2.0
#include "module/module_set.hpp"

#include <algorithm>

#include "module/environment.hpp"

namespace microhost::module {

Generation& ModuleSet::add(std::unique_ptr<Generation> generation, const Generation* replaces) {
    generation->set_ = this;
    auto at = std::find_if(generations_.begin(), generations_.end(),
                           [&](const auto& g) { return replaces && g.get() == replaces; });
    return **generations_.insert(at, std::move(generation));
}

// ---- start

// The shards of one are made while the next one starts, so that the loops are waited for once.
void ModuleSet::start_all(Done done) {
    struct Starting {
        size_t waits_for = 1;  // generations whose shards are being made, and the loop below
        Result<> outcome;
    };
    auto all = std::make_shared<Starting>();
    auto arrived = [all, done = std::move(done)](Result<> r) {
        if (!r && all->outcome) all->outcome = std::move(r);
        if (--all->waits_for == 0) done(std::move(all->outcome));
    };
    Result<> started;
    for (const auto& g : generations_) {
        if (g->stage() != Stage::created) continue;
        started = g->start();
        if (!started) break;
        all->waits_for++;
        g->make_shards(arrived);
    }
    arrived(std::move(started));
}

// ---- publication

Result<> ModuleSet::check_names(const Published& all) const {
    for (size_t i = 0; i < all.size(); i++) {
        if (!environment_.points.find(all[i].point)->unique_in_process) continue;
        for (size_t j = 0; j < i; j++)
            if (all[j].point == all[i].point && all[j].name == all[i].name)
                return error("{}: \"{}\" ({}) is already contributed by {}; rename one of the two",
                             all[i].generation->path(), all[i].name, all[i].point,
                             all[j].generation->path());
    }
    return {};
}

Result<Published> ModuleSet::preview(const std::vector<Generation*>& leaving) const {
    Published next;
    for (const auto& g : generations_) {
        const bool leaves = std::find(leaving.begin(), leaving.end(), g.get()) != leaving.end();
        if (leaves || (g->stage() != Stage::started && g->stage() != Stage::serving)) continue;
        std::copy_if(published_.begin(), published_.end(), std::back_inserter(next),
                     [&](const Contribution& c) { return c.generation == g.get(); });
        next.insert(next.end(), g->staged().begin(), g->staged().end());
    }
    if (auto ok = check_names(next); !ok) return ok.error();
    return next;
}

void ModuleSet::commit(Published next) {
    published_ = std::move(next);
    for (const auto& g : generations_) {
        if (g->stage() == Stage::started) g->stage_ = Stage::serving;
        if (g->stage() == Stage::serving) g->take_staged();
    }
}

Result<> ModuleSet::publish() {
    auto next = preview({});
    if (!next) return next.error();
    commit(std::move(*next));
    for (const auto& fn : watchers_) fn();
    return {};
}

Published ModuleSet::published(std::string_view point) const {
    Published out;
    std::copy_if(published_.begin(), published_.end(), std::back_inserter(out),
                 [&](const Contribution& c) { return c.point == point; });
    return out;
}

Generation* ModuleSet::find(std::string_view id) const {
    Generation* found = nullptr;
    for (const auto& g : generations_) {
        if (g->id() != id || g->stage() > Stage::serving) continue;
        if (!found || g->stage() == Stage::serving) found = g.get();
    }
    return found;
}

// ---- end

void ModuleSet::retire(Generation& g, uint64_t deadline_ns, std::function<void()> done) {
    constexpr uint64_t kForEver = ~uint64_t{0};
    g.drain(deadline_ns);
    stop_one(g, kForEver, [this, &g, done = std::move(done)](bool) {
        remove(g);
        done();
    });
}

void ModuleSet::discard(std::vector<Generation*> fresh, std::function<void()> done) {
    if (fresh.empty()) return done();
    Generation& g = *fresh.back();
    fresh.pop_back();
    retire(g, 0,
           [this, fresh = std::move(fresh), done = std::move(done)] { discard(fresh, done); });
}

// What stays mapped stays in the list, too: an operator sees it.
void ModuleSet::remove(Generation& g) {
    if (stopping_ || !g.unmap()) return;
    std::erase_if(generations_, [&](const auto& x) { return x.get() == &g; });
}

size_t ModuleSet::parked() const {
    return static_cast<size_t>(
        std::count_if(generations_.begin(), generations_.end(),
                      [](const auto& g) { return g->stage() == Stage::stopped; }));
}

void ModuleSet::stop_all(uint64_t deadline_ns, std::function<void()> done) {
    published_.clear();
    stopping_ = true;
    stop_next(generations_.size(), deadline_ns, std::move(done));
}

void ModuleSet::stop_next(size_t left, uint64_t deadline_ns, std::function<void()> done) {
    if (left == 0) return done();
    Generation& g = *generations_[left - 1];
    if (g.stage() != Stage::draining && g.stage() != Stage::stopped) g.drain(deadline_ns);
    stop_one(g, deadline_ns, [this, left, &g, deadline_ns, done = std::move(done)](bool stopped) {
        if (!stopped)
            g.side().log.error("still in use at the deadline; it is left as it is",
                               {{"path", g.path()}});
        stop_next(left - 1, deadline_ns, done);
    });
}

// False: something used it at the deadline.
void ModuleSet::stop_one(Generation& g, uint64_t deadline_ns, std::function<void(bool)> done) {
    if (g.stage() == Stage::stopped) return done(true);
    g.when_idle(deadline_ns, [&g, deadline_ns, done](bool idle) {
        if (!idle) return done(false);
        g.drop_shards([&g, deadline_ns, done] {
            // shard_destroy may have asked for work whose end is still to come.
            g.when_idle(deadline_ns, [&g, done](bool quiet) {
                if (quiet) g.destroy();
                done(quiet);
            });
        });
    });
}

}  // namespace microhost::module
