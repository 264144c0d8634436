// SPDX-License-Identifier: Apache-2.0
#include "serve/live_site.hpp"

#include <unistd.h>

#include "http/h1/server_connection.hpp"
#include "module/generation.hpp"
#include "module/host_side.hpp"
#include "net/tls.hpp"
#include "observe/names.hpp"

namespace microhost::serve {

// ---- LiveProgram

LiveProgram::LiveProgram(RequestLoop& loop, Loop& control, std::shared_ptr<const ProgramPlan> plan)
    : loop_(loop), control_(control), plan_(std::move(plan)) {
    const unsigned index = loop_.loop.index();
    program_.owner = this;
    program_.on_unused = [](http::Program& p) { delete static_cast<Counted&>(p).owner; };
    program_.handler = plan_->handler;
    if (module::Generation* g = plan_->generation) {
        g->pin(index);
        program_.module = g->id().c_str();
        program_.handler_shard = g->shard(index);
        program_.handler_cost = cost_of(g->id(), "on_request");
        for (size_t h = 0; h < http::kHandlerHookNames.size(); h++)
            program_.handler_marks[h] = g->side().costs.marks.of(http::kHandlerHookNames[h]);
    }
    for (const FilterPtr& f : plan_->chain) {
        if (f->generation) f->generation->pin(index);
        program_.chain.push_back(link(f));
        const http::FilterLink& l = program_.chain.back();
        program_.interests |= l.interests;
        if (l.match.any())
            program_.conditions.push_back(
                {http::MatchHint::of(l.match), static_cast<uint32_t>(program_.chain.size() - 1)});
    }
}

http::FilterLink LiveProgram::link(const FilterPtr& f) {
    http::FilterLink l;
    l.filter = f->filter;
    l.shard = f->instance;
    l.on_error = f->on_error;
    l.shadow = f->shadow;
    l.authn = f->phase >= MH_PHASE_AUTHN && f->phase < MH_PHASE_AUTHZ;
    l.match = f->match;
    l.name = f->name;
    l.interests = f->filter ? f->filter->interests : 0;
    if (!f->generation) return l;
    for (size_t h = 0; h < http::kHookNames.size(); h++)
        l.hooks[h] = {f->generation->side().costs.marks.of(http::kHookNames[h]),
                      cost_of(f->generation->id(), http::kHookNames[h])};
    if (f->filter && MH_FIELD_OK(f->filter, shard_create)) make_shard(f, l);
    return l;
}

void LiveProgram::make_shard(const FilterPtr& f, http::FilterLink& l) {
    module::take_report(f->generation->side());  // what others left behind on this thread
    l.shard =
        module::guarded(f->generation->side(), "shard_create", static_cast<void*>(nullptr),
                        [&] { return f->filter->shard_create(f->instance, loop_.loop.index()); });
    if (l.shard) {
        shards_.emplace_back(f, l.shard);
        return;
    }
    l.filter = nullptr;  // fails closed here
    std::string why = module::take_report(f->generation->side());
    if (why.empty()) why = "its shard could not be made";
    broken_ = fmt::format("{}: filter \"{}\": {}", f->generation->path(), f->name, why);
}

observe::ModuleCost LiveProgram::cost_of(std::string_view module, std::string_view hook) {
    observe::Metrics& m = *loop_.http.metrics;
    const size_t shard = loop_.loop.index();
    return {m.counter(shard, m.counter_id(observe::names::kModuleCalls), {module, hook}),
            m.counter(shard, m.counter_id(observe::names::kModuleSeconds), {module, hook})};
}

// The last reference to a plan goes on main, where its filter instances are destroyed.
LiveProgram::~LiveProgram() {
    for (const auto& made : shards_) {
        const FilterInstance& f = *made.first;
        if (!MH_FIELD_OK(f.filter, shard_destroy)) continue;
        module::guarded(f.generation->side(), "shard_destroy",
                        [&] { f.filter->shard_destroy(f.instance, made.second); });
    }
    shards_.clear();
    const unsigned index = loop_.loop.index();
    for (const FilterPtr& f : plan_->chain)
        if (f->generation) f->generation->unpin(index);
    if (plan_->generation) plan_->generation->unpin(index);
    control_.post([plan = std::move(plan_)] {});
}

void LiveProgram::take_figures(const LiveProgram& before) {
    for (http::FilterLink& l : program_.chain)
        for (const http::FilterLink& o : before.program_.chain)
            if (o.name == l.name) l.count_in(o.figures_owner);
}

void LiveProgram::retire(std::unique_ptr<LiveProgram> p) {
    if (!p) return;
    LiveProgram* bare = p.release();
    bare->program_.retire(bare->loop_.loop);
}

// ---- LiveSite

LiveSite::~LiveSite() { LiveProgram::retire(std::move(program_)); }

void LiveSite::adopt(SitePlanPtr plan, std::unique_ptr<LiveProgram> program) {
    plan_ = std::move(plan);
    site_.listener = plan_->name;
    site_.module = plan_->module;
    site_.address = plan_->address().text();
    site_.counts = &plan_->sockets->counts;
    site_.trust_all = plan_->trust_all;
    site_.proxy_protocol = plan_->proxy_protocol;
    site_.rfc7239 = plan_->rfc7239;
    site_.speaks_rpc = plan_->speaks_rpc;
    site_.speaks_http = plan_->program->beside_http;
    tls_ = plan_->tls;
    site_.tls = tls_ != nullptr;
    refresh(plan_->limits, plan_->trusted);
    if (program) {
        if (program_) program->take_figures(*program_);
        std::swap(program_, program);
        site_.program = &program_->program();
        LiveProgram::retire(std::move(program));
    }
    if (acceptors_.empty()) listen();
}

// A worker with more loops before this one may have left more sockets than there are loops now.
void LiveSite::listen() {
    const std::vector<int>& fds = plan_->sockets->fds;
    for (size_t i = loop_.loop.index(); i < fds.size(); i += loops_)
        acceptors_.push_back(std::make_unique<net::Acceptor>(
            loop_.loop, fds[i],
            [](void* user, int fd, const net::Address& peer) {
                static_cast<LiveSite*>(user)->accept(fd, peer);
            },
            this));
}

void LiveSite::refresh(const http::Limits& limits, std::shared_ptr<const net::PrefixSet> trusted) {
    site_.limits = limits;
    trusted_ = std::move(trusted);
    site_.trusted = trusted_.get();
}

void LiveSite::accept(int fd, const net::Address& peer) {
    if (!plan_->sockets->counts.enter(site_.limits.max_connections)) {
        site_.figures.refused++;
        ::close(fd);
        return;
    }
    site_.figures.accepted++;
    net::Stream stream = tls_ ? net::Stream(fd, tls_->accept(fd)) : net::Stream(fd);
    http::ServerConnection::open(loop_.http, site_, std::move(stream), peer);
}

void LiveSite::close() {
    stop_accepting();
    site_.program = &gone_;
    LiveProgram::retire(std::move(program_));
    auto& all = loop_.http.connections;
    for (size_t i = all.size(); i-- > 0;)
        if (i < all.size() && &all[i]->site() == &site_) all[i]->drain();
}

}  // namespace microhost::serve
