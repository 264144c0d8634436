// SPDX-License-Identifier: Apache-2.0
#include "serve/site_set.hpp"

#include <microhost/draft/http_server.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "http/h1/server_connection.hpp"
#include "module/generation.hpp"
#include "module/host_side.hpp"
#include "net/tls.hpp"
#include "observe/names.hpp"
#include "supervise/link.hpp"

namespace microhost::serve {

struct LiveSite {
    LiveSite(RequestLoop& l, std::shared_ptr<SitePlan> p) : loop(l), plan(std::move(p)) {}

    RequestLoop& loop;
    std::shared_ptr<SitePlan> plan;
    std::shared_ptr<const net::TlsServerContext> tls;
    std::shared_ptr<const net::PrefixSet> trusted;
    http::Site site;
    std::vector<std::unique_ptr<net::Acceptor>> acceptors;
    std::vector<std::pair<FilterPtr, void*>> shards;

    observe::ModuleCost handler_cost;
    std::vector<std::unique_ptr<http::HookCosts>> costs;

    observe::ModuleCost cost_of(std::string_view module, std::string_view hook);
    void fill();
    void start(size_t loops);
    void accept(int fd, const net::Address& peer);
    void drop_shards();
};

namespace {

Result<std::shared_ptr<const net::TlsServerContext>> load_tls(const config::Tls& c) {
    net::TlsServerOptions o;
    for (const config::Certificate& pair : c.certificates)
        o.certificates.push_back({pair.cert, pair.key});
    o.client_ca = c.client_ca;
    o.only_version_1_3 = c.min_version == "1.3";
    auto loaded = net::TlsServerContext::load(o);
    if (!loaded) return loaded.error();
    return std::shared_ptr<const net::TlsServerContext>(std::move(*loaded));
}

// What a module says about TLS for its own listener; the rest is as for every other.
std::optional<config::Tls> tls_of(const mh_http_listener& d, const config::Tls& defaults) {
    if (d.size < sizeof d || !d.tls_cert.len) return std::nullopt;
    config::Tls tls = defaults;
    tls.certificates = {
        {std::string(d.tls_cert.ptr, d.tls_cert.len), std::string(d.tls_key.ptr, d.tls_key.len)}};
    tls.client_ca.assign(d.tls_client_ca.ptr, d.tls_client_ca.len);
    return tls;
}

uint32_t interests_of(const FilterInstance& f) { return f.filter ? f.filter->interests : 0; }

}  // namespace

http::Limits limits_of(const config::Limits& c) {
    auto ms = [](auto d) { return static_cast<uint32_t>(d.count()); };
    http::Limits l;
    l.header_bytes = static_cast<uint32_t>(c.header_bytes);
    l.request_line = static_cast<uint32_t>(c.request_line);
    l.max_headers = static_cast<uint32_t>(c.max_headers);
    l.pipeline_bytes = static_cast<uint32_t>(c.max_pipeline_bytes);
    l.body_bytes = static_cast<uint64_t>(c.body_bytes);
    l.stream_body_bytes = static_cast<uint64_t>(c.stream_body_bytes);
    l.header_timeout_ms = ms(c.header_timeout);
    l.body_timeout_ms = ms(c.body_timeout);
    l.body_min_rate = static_cast<uint32_t>(c.body_min_rate);
    l.idle_timeout_ms = ms(c.idle_timeout);
    l.write_timeout_ms = ms(c.write_timeout);
    l.connect_timeout_ms = ms(c.upstream_connect_timeout);
    l.response_timeout_ms = ms(c.upstream_response_timeout);
    l.upstream_idle_timeout_ms = ms(c.upstream_idle_timeout);
    l.upstream_max_idle = static_cast<uint32_t>(c.upstream_max_idle);
    l.max_connections = static_cast<uint32_t>(c.max_connections);
    l.max_connections_per_peer = static_cast<uint32_t>(c.max_connections_per_peer);
    l.websocket_message = static_cast<uint32_t>(c.websocket_message);
    return l;
}

observe::ModuleCost LiveSite::cost_of(std::string_view module, std::string_view hook) {
    observe::Metrics& m = *loop.http.metrics;
    size_t shard = loop.loop.index();
    return {m.counter(shard, m.counter_id(observe::names::kModuleCalls), {module, hook}),
            m.counter(shard, m.counter_id(observe::names::kModuleSeconds), {module, hook})};
}

void LiveSite::fill() {
    unsigned index = loop.loop.index();
    site.listener = plan->name;
    site.module = plan->module;
    site.address = plan->address.text();
    site.handler = plan->handler;
    site.handler_shard = plan->generation ? plan->generation->shard(index) : nullptr;
    if (plan->generation) {
        handler_cost = cost_of(plan->generation->id(), "on_request");
        site.handler_cost = &handler_cost;
        for (size_t h = 0; h < http::kHandlerHookNames.size(); h++)
            site.handler_marks[h] =
                plan->generation->side().costs.marks.of(http::kHandlerHookNames[h]);
    }
    trusted = plan->trusted;
    site.trusted = trusted.get();
    site.counts = &plan->counts;
    site.trust_all = plan->trust_all;
    site.proxy_protocol = plan->proxy_protocol;
    site.rfc7239 = plan->rfc7239;
    tls = plan->tls;
    site.tls = tls != nullptr;
    site.limits = plan->limits;
    for (const FilterPtr& f : plan->chain) {
        http::FilterLink link;
        link.filter = f->filter;
        link.shard = f->instance;
        link.on_error = f->on_error;
        link.shadow = f->shadow;
        link.authn = f->phase >= MH_PHASE_AUTHN && f->phase < MH_PHASE_AUTHZ;
        link.match = f->match;
        link.name = f->name;
        link.interests = interests_of(*f);
        if (f->generation) {
            costs.push_back(std::make_unique<http::HookCosts>());
            for (size_t h = 0; h < http::kHookNames.size(); h++) {
                (*costs.back())[h] = cost_of(f->generation->id(), http::kHookNames[h]);
                link.marks[h] = f->generation->side().costs.marks.of(http::kHookNames[h]);
            }
            link.costs = costs.back().get();
        }
        if (f->filter && MH_FIELD_OK(f->filter, shard_create)) {
            link.shard =
                module::guarded(f->generation->side(), "shard_create", static_cast<void*>(nullptr),
                                [&] { return f->filter->shard_create(f->instance, index); });
            if (link.shard)
                shards.emplace_back(f, link.shard);
            else
                link.filter = nullptr;  // broken on this loop: fails closed here
        }
        site.interests |= link.interests;
        site.matches = site.matches || link.match.any();
        site.chain.push_back(std::move(link));
    }
}

// A worker with more loops before this one may have left more sockets than there are loops now.
void LiveSite::start(size_t loops) {
    for (size_t i = loop.loop.index(); i < plan->fds.size(); i += loops)
        acceptors.push_back(std::make_unique<net::Acceptor>(
            loop.loop, plan->fds[i],
            [](void* user, int fd, const net::Address& peer) {
                static_cast<LiveSite*>(user)->accept(fd, peer);
            },
            this));
}

void LiveSite::accept(int fd, const net::Address& peer) {
    if (!plan->counts.enter(site.limits.max_connections)) {
        site.figures.refused++;
        ::close(fd);
        return;
    }
    site.figures.accepted++;
    if (tls) {
        http::ServerConnection::open(loop.http, site, net::Stream(fd, tls->accept(fd)), peer);
        return;
    }
    http::ServerConnection::open(loop.http, site, net::Stream(fd), peer);
}

void LiveSite::drop_shards() {
    for (auto& made : shards) {
        const FilterPtr& f = made.first;
        if (MH_FIELD_OK(f->filter, shard_destroy))
            module::guarded(f->generation->side(), "shard_destroy",
                            [&] { f->filter->shard_destroy(f->instance, made.second); });
    }
    shards.clear();
}

SiteSet::SiteSet(std::vector<std::unique_ptr<RequestLoop>>& loops) : loops_(loops) {}

SiteSet::~SiteSet() {
    for (auto& s : sites_)
        for (int fd : s->fds)
            if (fd >= 0) ::close(fd);
}

Result<> SiteSet::plan(const config::Config& config, const module::ModuleSet& modules,
                       const FilterSet& filters, std::shared_ptr<const net::PrefixSet> trusted) {
    live_.resize(loops_.size());
    trusted_ = std::move(trusted);
    for (const config::Listener& l : config.listeners)
        if (Result<> r = add(l, modules, filters, {}, config.why_absent(l.module)); !r) return r;
    for (const module::Contribution& c : modules.published(MH_HTTP_LISTENER)) {
        const auto* d = static_cast<const mh_http_listener*>(c.descriptor);
        const std::string& id = c.generation->id();
        // Listeners that the operator wrote for a module replace those that it would open by itself.
        bool configured =
            std::any_of(config.listeners.begin(), config.listeners.end(),
                        [&](auto& l) { return l.module == id && !l.address.empty(); });
        if (configured) continue;
        config::Listener l;
        l.name = c.name.empty() ? id : c.name;
        l.module = id;
        l.address = std::string(d->address.ptr, d->address.len);
        l.limits = config.host.limits;
        l.tls = tls_of(*d, config.host.tls);
        auto own = std::find_if(config.listeners.begin(), config.listeners.end(),
                                [&](auto& x) { return x.name == l.name; });
        if (own != config.listeners.end()) {
            std::string address = l.address;
            l = *own;
            l.address = address;
        }
        if (Result<> r = add(l, modules, filters, d->handler ? d->handler : "", nullptr); !r)
            return r;
    }
    return {};
}

Result<> SiteSet::add(const config::Listener& l, const module::ModuleSet& modules,
                      const FilterSet& filters, std::string_view handler,
                      const std::string* why_absent) {
    if (l.address.empty()) return {};  // settings for a listener that the module itself opens
    auto p = std::make_shared<SitePlan>();
    p->name = l.name;
    p->module = l.module;
    for (const module::Contribution& c : modules.published(MH_HTTP_HANDLER)) {
        if (c.generation->id() != l.module) continue;
        if (!handler.empty() && c.name != handler) continue;
        p->handler = static_cast<const mh_http_handler*>(c.descriptor);
        p->generation = c.generation;
        break;
    }
    if (!p->handler && why_absent) p->handler = absent_.handler(), p->problem = *why_absent;
    if (!p->handler)
        return error("listener \"{}\": module \"{}\" is not loaded or has no HTTP handler", l.name,
                     l.module);
    Result<net::Address> a = net::Address::parse(l.address);
    if (!a) return std::move(a.error()).context(fmt::format("listener \"{}\"", l.name));
    p->address = *a;
    p->trust_all = a->is_unix();
    p->trusted = trusted_;
    p->limits = limits_of(l.limits);
    p->proxy_protocol = l.proxy_protocol;
    p->rfc7239 = l.rfc7239;
    Result<std::vector<FilterPtr>> chain = filters.chain(l);
    if (!chain) return chain.error();
    if (chain->size() > http::Site::kMaxFilters)
        return error("listener \"{}\": {} filters, at most {} are possible", l.name, chain->size(),
                     http::Site::kMaxFilters);
    p->chain = std::move(*chain);
    if (l.tls) {
        p->tls_files = l.tls;
        p->limits.handshake_timeout_ms = static_cast<uint32_t>(l.tls->handshake_timeout.count());
        auto tls = load_tls(*l.tls);
        if (!tls) return std::move(tls.error()).context(fmt::format("listener \"{}\"", l.name));
        p->tls = std::move(*tls);
        warnings_.insert(warnings_.end(), p->tls->warnings().begin(), p->tls->warnings().end());
        if (Result<> r = add_redirect(*p, l); !r) return r;
    }
    sites_.push_back(std::move(p));
    return {};
}

Result<> SiteSet::add_redirect(const SitePlan& tls_site, const config::Listener& l) {
    if (l.tls->redirect_from.empty()) return {};
    auto p = std::make_shared<SitePlan>();
    p->name = l.name + "-redirect";
    p->redirect_of = l.name;
    p->module = "host";
    Result<net::Address> a = net::Address::parse(l.tls->redirect_from);
    if (!a)
        return std::move(a.error()).context(fmt::format("listener \"{}\": redirect_from", l.name));
    p->address = *a;
    p->limits = tls_site.limits;
    p->trusted = tls_site.trusted;
    p->redirect = std::make_unique<Redirect>(tls_site.address, l.tls->acme_webroot);
    p->handler = p->redirect->handler();
    sites_.push_back(std::move(p));
    return {};
}

Result<> SiteSet::open() {
    std::vector<net::Adopted> adopted = net::adopted_listeners();
    auto loops = static_cast<unsigned>(loops_.size());
    for (auto& s : sites_) {
        // SO_REUSEPORT, which spreads a listener over the loops, would let two of ours share a port.
        for (auto& o : sites_)
            if (o == s)
                break;
            else if (s->address.text() == o->address.text() &&
                     (s->address.is_unix() || s->address.port()))
                return error(
                    "listener \"{}\": {} is the address of listener \"{}\" already; give it "
                    "another",
                    s->name, s->address.text(), o->name);
        std::vector<int> given = net::take_adopted(adopted, s->address, s->name);
        Result<std::vector<int>> fds = given.empty()
                                           ? net::open_listeners(s->address, {}, loops)
                                           : net::spread_listeners(std::move(given), {}, loops);
        if (!fds) return std::move(fds.error()).context(fmt::format("listener \"{}\"", s->name));
        s->fds = std::move(*fds);
        s->address = net::local_address(s->fds[0]);
    }
    for (const net::Adopted& a : adopted) ::close(a.fd);
    tell_supervisor();
    return {};
}

// It keeps them open for the worker that comes after this one.
void SiteSet::tell_supervisor() const {
    supervise::Link* link = supervise::Link::here();
    if (!link) return;
    for (const auto& s : sites_)
        for (int fd : s->fds) link->socket(fd, s->name);
    link->sockets_end();
}

Result<std::vector<std::string>> SiteSet::reload_certificates() {
    std::vector<std::pair<size_t, std::shared_ptr<const net::TlsServerContext>>> fresh;
    std::vector<std::string> warnings;
    for (size_t i = 0; i < sites_.size(); i++) {
        if (!sites_[i]->tls_files) continue;
        auto tls = load_tls(*sites_[i]->tls_files);
        if (!tls)
            return std::move(tls.error()).context(fmt::format("listener \"{}\"", sites_[i]->name));
        warnings.insert(warnings.end(), (*tls)->warnings().begin(), (*tls)->warnings().end());
        fresh.emplace_back(i, std::move(*tls));
    }
    for (auto& l : loops_)
        l->loop.post([this, fresh, index = l->loop.index()] {
            for (auto& [site, tls] : fresh)
                if (site < live_[index].size()) live_[index][site]->tls = tls;
        });
    return warnings;
}

// By name, as plan() found them.
void SiteSet::refresh(const config::Config& config, std::shared_ptr<const net::PrefixSet> trusted) {
    std::vector<http::Limits> fresh;
    for (const auto& s : sites_) {
        const std::string& name = s->redirect_of.empty() ? s->name : s->redirect_of;
        const auto own = std::find_if(config.listeners.begin(), config.listeners.end(),
                                      [&](const config::Listener& l) { return l.name == name; });
        fresh.push_back(
            limits_of(own != config.listeners.end() ? own->limits : config.host.limits));
        fresh.back().handshake_timeout_ms = s->limits.handshake_timeout_ms;  // it is of `tls`
    }
    for (auto& l : loops_)
        l->loop.post([this, fresh, trusted, index = l->loop.index()] {
            for (size_t i = 0; i < live_[index].size(); i++) {
                LiveSite& live = *live_[index][i];
                live.site.limits = fresh[i];
                live.trusted = trusted;
                live.site.trusted = trusted.get();
            }
        });
}

void SiteSet::each(unsigned loop, const std::function<void(const http::Site&)>& fn) const {
    if (loop >= live_.size()) return;
    for (auto& s : live_[loop]) fn(s->site);
}

// The count goes down on the loops; the last one calls home.
void SiteSet::on_every_loop(Loop& control, std::function<void(RequestLoop&)> fn,
                            std::function<void()> done) {
    struct Round {
        std::function<void(RequestLoop&)> fn;
        std::function<void()> done;
        std::atomic<size_t> left;
    };
    auto round = std::make_shared<Round>();
    round->fn = std::move(fn);
    round->done = std::move(done);
    round->left = loops_.size();
    for (auto& l : loops_)
        l->loop.post([round, &control, loop = l.get()] {
            round->fn(*loop);
            if (--round->left == 0) control.post([round] { round->done(); });
        });
}

void SiteSet::install(Loop& control, std::function<void()> done) {
    on_every_loop(
        control,
        [this](RequestLoop& l) {
            auto& live = live_[l.loop.index()];
            for (auto& s : sites_) {
                live.push_back(std::make_unique<LiveSite>(l, s));
                live.back()->fill();
                live.back()->start(loops_.size());
            }
        },
        [this, done = std::move(done)] {
            for (auto& s : sites_) s->fds.clear();  // the acceptors own them now
            done();
        });
}

void SiteSet::stop_accepting(Loop& control, bool gently, std::function<void()> done) {
    on_every_loop(
        control,
        [this, gently](RequestLoop& l) {
            for (auto& s : live_[l.loop.index()]) s->acceptors.clear();
            if (gently)
                l.http.draining = true;
            else
                l.http.drain();
        },
        std::move(done));
}

void SiteSet::remove(Loop& control, std::function<void()> done) {
    on_every_loop(
        control,
        [this](RequestLoop& l) {
            for (auto& s : live_[l.loop.index()]) s->drop_shards();
            live_[l.loop.index()].clear();
            l.http.upstreams.close_idle();
        },
        std::move(done));
}

}  // namespace microhost::serve
