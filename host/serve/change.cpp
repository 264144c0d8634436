// SPDX-License-Identifier: Apache-2.0
#include "serve/change.hpp"

#include <microhost/draft/command_provider.h>
#include <microhost/draft/event_broker.h>
#include <microhost/draft/registry_provider.h>

#include <algorithm>

#include "http/abi_server.hpp"
#include "json/writer.hpp"
#include "module/background.hpp"
#include "module/event_bus.hpp"
#include "serve/clock.hpp"
#include "supervise/link.hpp"

namespace microhost::serve {
namespace {

constexpr uint64_t kForEver = ~uint64_t{0};

json::Document config_of(const config::Config& config, std::string_view id) {
    const config::ModuleConfig* own = config.module(id);
    return own ? own->config : json::Document{};
}

// Code that may never be unmapped piles up with each reload, and only another process is free of it.
void tell(Runtime::State& s, std::string_view topic, const module::Generation& g) {
    std::string text;
    json::Writer w(text);
    w.object().key("id").string(g.id()).key("version").string(g.manifest().version);
    w.key("generation").uint64(g.number()).end();
    s.environment->events->tell(topic, std::move(text));
}

void count_parked(Runtime::State& s) {
    constexpr size_t kMostParked = 8;
    const size_t parked = s.modules->parked();
    if (s.stopping || parked <= kMostParked) return;
    const std::string reason =
        fmt::format("{} generations of modules are over and stay mapped", parked);
    if (!supervise::ask_replacement(reason))
        s.log->domain("host/module").warn("restart microhost to free memory", {{"reason", reason}});
}

}  // namespace

Change::Change(Runtime::State& state, Wanted wanted, Done done)
    : s_(state), wanted_(std::move(wanted)), done_(std::move(done)) {}

void Change::run(Runtime::State& state, Wanted wanted, Done done) {
    std::shared_ptr<Change> c(new Change(state, std::move(wanted), std::move(done)));
    Result<> r = c->compare();
    if (r) r = c->create();
    if (!r) return c->give_up(r.error());
    state.modules->start_all([c](Result<> made) { c->started(std::move(made)); });
}

// ---- what differs

Result<> Change::compare() {
    for (const module::CandidatePtr& c : wanted_.modules) {
        module::Generation* running = s_.modules->find(c->id());
        const config::ModuleConfig* own = wanted_.config.module(c->id());
        if (own && !own->problem.empty()) return error("{}: {}", c->path(), own->problem);
        const bool same_file = running && &running->candidate() == c.get();
        const bool same_config = running && running->config()->document.text() ==
                                                config_of(wanted_.config, c->id()).text();
        if (same_file && same_config) continue;
        if (same_file && running->module_table(MH_CONFIG_SINK)) {
            configured_.push_back(running);
        } else if (same_file && running->only_one()) {
            s_.log->domain("host/config")
                .warn("what changed takes effect after a restart",
                      {{"changed", "modules." + c->id()}});
        } else if (running && running->only_one()) {
            return error("{}: module \"{}\" cannot be replaced while it runs; restart microhost",
                         c->path(), c->id());
        } else {
            pairs_.push_back({c, running, nullptr, false, {}});
        }
    }
    for (const auto& g : s_.modules->generations()) {
        const bool wanted = std::any_of(wanted_.modules.begin(), wanted_.modules.end(),
                                        [&](const auto& c) { return c->id() == g->id(); });
        if (!wanted && g->stage() == module::Stage::serving) removed_.push_back(g.get());
    }
    return {};
}

std::vector<module::Generation*> Change::leaving() const {
    std::vector<module::Generation*> out = removed_;
    for (const Pair& p : pairs_)
        if (p.old) out.push_back(p.old);
    return out;
}

// ---- beside what runs

Result<> Change::create() {
    for (Pair& p : pairs_) {
        const std::string& id = p.candidate->id();
        auto g = module::Generation::create(*s_.environment, p.candidate,
                                            config_of(wanted_.config, id), ++s_.loads[id]);
        if (!g) return g.error();
        p.fresh = &s_.modules->add(std::move(*g), p.old);
        if (Result<> r = hand_over(p); !r) return r;
    }
    return {};
}

Result<> Change::hand_over(Pair& p) {
    if (!p.old || !p.fresh->inherits_from(*p.old)) return {};
    Result<std::string> saved = p.old->save_state();
    if (!saved) return saved.error();
    p.state_saved = true;
    p.state = std::move(*saved);
    return p.fresh->load_state(p.old->state_schema(), p.state);
}

Result<> Change::prepare_configs() {
    for (module::Generation* g : configured_)
        if (Result<> r = g->prepare_config(config_of(wanted_.config, g->id())); !r) return r;
    return {};
}

void Change::started(Result<> r) {
    if (r) r = prepare_configs();
    if (r) r = lay_out();
    if (!r) return give_up(r.error());
    s_.sites->stage(sites_.sites, [self = shared_from_this()](Result<StagedSitesPtr> staged) {
        if (!staged) return self->give_up(staged.error());
        self->publish(std::move(*staged));
    });
}

Result<> Change::lay_out() {
    auto trusted = Runtime::State::trusted_in(wanted_.config);
    if (!trusted) return trusted.error();
    trusted_ = std::move(*trusted);
    auto next = s_.modules->preview(leaving());
    if (!next) return next.error();
    next_ = std::move(*next);
    auto filters = FilterSet::make(wanted_.config, next_, wanted_.absent, s_.filters);
    if (!filters) return filters.error();
    filters_ = std::move(*filters);
    for (const FilterPtr& f : filters_.all())
        if (f->generation && !f->filter)
            return error("{}: filter \"{}\" ({}): {}", f->generation->path(), f->name, f->module,
                         f->problem);
    auto sites = plan_sites(wanted_.config, next_, filters_, wanted_.absent, trusted_,
                            s_.sites->sites(), s_.folder.tools_socket());
    if (!sites) return sites.error();
    sites_ = std::move(*sites);
    if (sites_.sites.empty() && wanted_.absent.empty() && !module::works_unheard(next_))
        return error(
            "nothing to listen on: load a module that serves HTTP, for example --load NAME.so");
    return s_.sites->open(sites_.sites);
}

void Change::give_up(Error why) {
    for (module::Generation* g : configured_) g->abort_config();
    filters_ = {};
    sites_ = {};
    next_.clear();
    std::vector<module::Generation*> fresh;
    for (const Pair& p : pairs_)
        if (p.fresh) fresh.push_back(p.fresh);
    s_.modules->discard(std::move(fresh), [self = shared_from_this(), why = std::move(why)] {
        for (const Pair& p : self->pairs_)
            if (p.state_saved) p.old->resume_state(p.state);
        count_parked(self->s_);
        self->done_(why);
    });
}

// ---- from here on nothing can fail

void Change::publish(StagedSitesPtr staged) {
    staged_ = std::move(staged);
    for (module::Generation* g : configured_) g->commit_config();
    s_.modules->commit(std::move(next_));
    s_.commands->adopt(s_.modules->published(MH_COMMAND_PROVIDER));
    s_.say_missing(filters_);
    std::swap(s_.filters, filters_);
    s_.trusted = std::move(trusted_);
    s_.config = std::move(wanted_.config);
    s_.candidates = std::move(wanted_.modules);
    s_.left_out = std::move(wanted_.absent);
    s_.measure_if_asked();
    s_.providers->adopt(s_.modules->published(MH_REGISTRY_PROVIDER));
    s_.brokers->adopt(s_.modules->published(MH_EVENT_BROKER));
    auto services = s_.offer_services();
    s_.service_nodes->narrow(s_.described, sites_.sites);
    const http::Limits limits = s_.main_http->limits = limits_of(s_.host().limits);
    services(*s_.main_rpc);
    s_.sites->on_every_loop(
        [self = shared_from_this(), services, limits](RequestLoop& l) {
            l.http.limits = limits;
            self->s_.sites->publish(*self->staged_, l);
            services(l.rpc);
        },
        [self = shared_from_this()] { self->published(); });
}

void Change::published() {
    s_.sites->published(*staged_);
    for (const std::string& w : sites_.warnings) s_.log->domain("host/net").warn(w);
    staged_.reset();
    sites_ = {};
    filters_ = {};
    for (const Pair& p : pairs_)
        if (p.fresh) tell(s_, "microhost.module.loaded", *p.fresh);
    s_.environment->events->tell("microhost.config.committed", "{}");
    auto over = [&s = s_] { count_parked(s); };
    for (const Pair& p : pairs_)
        if (p.old) s_.modules->retire(*p.old, kForEver, over);
    const auto drain_ns = static_cast<uint64_t>(s_.host().drain_timeout.count()) * 1'000'000;
    for (module::Generation* g : removed_) {
        s_.commands->stop(*g, "its module is unloaded");
        s_.modules->retire(*g, monotonic_ns() + drain_ns, over);
    }
    s_.announce_listeners();
    done_({});
}

}  // namespace microhost::serve
