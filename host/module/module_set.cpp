// SPDX-License-Identifier: Apache-2.0
#include "module/module_set.hpp"

#include <algorithm>

#include "module/environment.hpp"

namespace microhost::module {

Generation& ModuleSet::add(std::unique_ptr<Generation> generation) {
    generation->set_ = this;
    generations_.push_back(std::move(generation));
    return *generations_.back();
}

void ModuleSet::start_all(std::function<void(Result<>)> done) { start_next(0, std::move(done)); }

void ModuleSet::start_next(size_t at, Done done) {
    while (at < generations_.size() && generations_[at]->stage() != Stage::created) at++;
    if (at == generations_.size()) return done({});
    Generation& g = *generations_[at];
    if (auto ok = g.start(); !ok) return done(ok.error());
    g.make_shards([this, at, &g, done = std::move(done)](Result<> made) {
        if (!made) return done(made);
        g.stage_ = Stage::serving;
        if (auto ok = publish(g); !ok) {
            g.stage_ = Stage::failed;
            return done(ok.error());
        }
        start_next(at + 1, done);
    });
}

Result<> ModuleSet::check_names(const std::vector<Contribution>& staged,
                                const Generation* replaces) const {
    for (const Contribution& s : staged) {
        const Point* point = environment_.points.find(s.point);
        for (const Contribution& p : published_) {
            if (p.point != s.point || p.name != s.name || p.generation == replaces) continue;
            if (point->unique_in_process)
                return error("{}: \"{}\" ({}) is already contributed by {}; rename one of the two",
                             s.generation->path(), s.name, s.point, p.generation->path());
        }
    }
    return {};
}

Result<> ModuleSet::publish(Generation& g, Generation* replaces) {
    std::vector<Contribution> staged = g.take_staged();
    if (auto ok = check_names(staged, replaces); !ok) return ok;
    if (replaces)
        std::erase_if(published_, [&](const Contribution& c) { return c.generation == replaces; });
    published_.insert(published_.end(), std::make_move_iterator(staged.begin()),
                      std::make_move_iterator(staged.end()));
    changed();
    return {};
}

void ModuleSet::withdraw(Generation& g) {
    std::erase_if(published_, [&](const Contribution& c) { return c.generation == &g; });
    changed();
}

void ModuleSet::changed() {
    for (const auto& fn : watchers_) fn();
}

std::vector<Contribution> ModuleSet::published(std::string_view point) const {
    std::vector<Contribution> out;
    std::copy_if(published_.begin(), published_.end(), std::back_inserter(out),
                 [&](const Contribution& c) { return c.point == point; });
    return out;
}

Generation* ModuleSet::find(std::string_view id) const {
    for (const auto& g : generations_)
        if (g->id() == id) return g.get();
    return nullptr;
}

void ModuleSet::stop_all(uint64_t deadline_ns, std::function<void()> done) {
    published_.clear();
    changed();
    stop_next(generations_.size(), deadline_ns, std::move(done));
}

void ModuleSet::stop_next(size_t left, uint64_t deadline_ns, std::function<void()> done) {
    if (left == 0) return done();
    stop_one(*generations_[left - 1], deadline_ns,
             [this, left, deadline_ns, done = std::move(done)] {
                 stop_next(left - 1, deadline_ns, done);
             });
}

void ModuleSet::stop_one(Generation& g, uint64_t deadline_ns, std::function<void()> done) {
    if (g.stage() == Stage::stopped) return done();
    auto in_use = [&g, done] {
        g.side().log.error("still in use at the deadline; it is left as it is",
                           {{"path", g.path()}});
        done();
    };
    g.drain(deadline_ns);
    g.when_idle(deadline_ns, [&g, deadline_ns, done, in_use](bool idle) {
        if (!idle) return in_use();
        g.drop_shards([&g, deadline_ns, done, in_use] {
            // shard_destroy may have asked for work whose end is still to come.
            g.when_idle(deadline_ns, [&g, done, in_use](bool quiet) {
                if (!quiet) return in_use();
                g.destroy();
                done();
            });
        });
    });
}

}  // namespace microhost::module
