// SPDX-License-Identifier: Apache-2.0
#include "control/census.hpp"

#include <algorithm>

#include "http/engine.hpp"

namespace microhost::control {
namespace {

void count_site(const http::Site& site, LoopFigures& f) {
    f.connections[site.listener] += site.pins;
    f.listeners[site.listener].add(site.figures);
    for (const http::FilterLink& l : site.program->chain) {
        const http::FilterFigures& seen = *l.figures;
        FilterCounts& c = f.filters[l.name];
        c.continued += seen.continued;
        c.answered += seen.answered;
        c.failed += seen.failed;
        c.suspended += seen.suspended;
        c.timed_out += seen.timed_out;
        c.on_error = l.on_error;
        if (!l.filter) f.broken[l.name] = 1;
    }
}

// On that loop. A few maps of a few entries: microseconds.
LoopFigures count_loop(unsigned loop, const SiteVisit& each_site) {
    LoopFigures f;
    if (each_site) each_site(loop, [&](const http::Site& s) { count_site(s, f); });
    http::Engine* e = http::Engine::by_index(loop);
    if (!e) return f;
    e->upstreams.each([&](const http::Upstream& u) {
        LoopFigures::Upstream& row = f.upstreams[u.name()];
        row.idle += u.idle();
        row.busy += u.open() - std::min(u.open(), u.idle());
        row.figures.add(u.figures());
    });
    return f;
}

}  // namespace

struct Census::Known {
    std::vector<LoopFigures> by_loop;
};

void LoopFigures::add(const LoopFigures& other) {
    for (auto& [name, n] : other.connections) connections[name] += n;
    for (auto& [name, l] : other.listeners) listeners[name].add(l);
    for (auto& [name, n] : other.broken) broken[name] += n;
    for (auto& [name, u] : other.upstreams) {
        upstreams[name].idle += u.idle;
        upstreams[name].busy += u.busy;
        upstreams[name].figures.add(u.figures);
    }
    for (auto& [name, c] : other.filters) {
        FilterCounts& mine = filters[name];
        mine.continued += c.continued;
        mine.answered += c.answered;
        mine.failed += c.failed;
        mine.suspended += c.suspended;
        mine.timed_out += c.timed_out;
        mine.on_error = c.on_error;
    }
}

Census::Census(Loop& control, std::vector<Loop*> loops, SiteVisit each_site)
    : control_(control),
      loops_(std::move(loops)),
      each_site_(std::move(each_site)),
      known_(std::make_shared<Known>()) {
    known_->by_loop.resize(loops_.size());
}

void Census::ask(bool sites, std::function<void()> done) {
    if (loops_.empty()) return done();
    struct Round {
        std::function<void()> done;
        size_t left;
    };
    auto round = std::make_shared<Round>(Round{std::move(done), loops_.size()});
    const SiteVisit each_site = sites ? each_site_ : SiteVisit{};
    for (size_t i = 0; i < loops_.size(); i++)
        loops_[i]->post(
            [i, round, known = known_, each = each_site, loop = loops_[i], control = &control_] {
                control->post([i, round, known, f = count_loop(loop->index(), each)] {
                    known->by_loop[i] = f;
                    if (--round->left == 0) round->done();
                });
            });
}

LoopFigures Census::total() const {
    LoopFigures sum;
    for (const LoopFigures& f : known_->by_loop) sum.add(f);
    return sum;
}

}  // namespace microhost::control
