// SPDX-License-Identifier: Apache-2.0
#include "serve/site_plan.hpp"

#include <microhost/draft/http_server.h>
#include <microhost/draft/rpc_listener.h>
#include <unistd.h>

#include <algorithm>

#include "module/generation.hpp"
#include "net/tls.hpp"
#include "rpc/served.hpp"

namespace microhost::serve {
namespace {

// What a module says about TLS for its own listener; the rest is as for every other.
std::optional<config::Tls> tls_of(const mh_http_listener& d, const config::Tls& defaults) {
    if (d.size < sizeof d || !d.tls_cert.len) return std::nullopt;
    config::Tls tls = defaults;
    tls.certificates = {
        {std::string(d.tls_cert.ptr, d.tls_cert.len), std::string(d.tls_key.ptr, d.tls_key.len)}};
    tls.client_ca.assign(d.tls_client_ca.ptr, d.tls_client_ca.len);
    return tls;
}

bool has_router(const module::Published& published, std::string_view id) {
    return std::any_of(published.begin(), published.end(), [&](const module::Contribution& c) {
        return c.point == MH_RPC_ROUTER && c.generation->id() == id;
    });
}

/// The plans so far, and what they are made of.
struct Planning {
    const config::Config& config;
    const module::Published& published;
    const FilterSet& filters;
    const std::vector<AbsentModule>& absent;
    const std::shared_ptr<const net::PrefixSet>& trusted;
    const std::vector<SitePlanPtr>& before;
    SitePlans out;

    Result<> add(const config::Listener& l, std::string_view handler, bool rpc = false);
    Result<> add_contributed(const module::Contribution& c);
    Result<> add_contributed_rpc(const module::Contribution& c);
    std::optional<config::Listener> listener_of(const module::Contribution& c,
                                                mh_str address) const;
    void find_handler(ProgramPlan& p, std::string_view name, bool rpc) const;
    Result<std::shared_ptr<const ProgramPlan>> program(const config::Listener& l,
                                                       std::string_view handler, bool rpc) const;
    Result<> add_redirect(const SitePlanPtr& tls_site, const config::Listener& l);
    Result<> read_certificates(SitePlan& p);
    Result<> add_tools(const std::string& socket);
    Result<> check_addresses() const;
};

// A listener that is configured for a module with a router and without an HTTP handler speaks rpc.
void Planning::find_handler(ProgramPlan& p, std::string_view name, bool rpc) const {
    for (const char* point : {MH_HTTP_HANDLER, MH_RPC_ROUTER}) {
        const bool router = point == std::string_view(MH_RPC_ROUTER);
        if (rpc && !router) continue;
        for (const module::Contribution& c : published) {
            if (c.point != point || c.generation->id() != p.module) continue;
            if (!name.empty() && c.name != name) continue;
            p.generation = c.generation;
            if (router) {
                const auto& d = *static_cast<const mh_rpc_router*>(c.descriptor);
                p.router = std::make_shared<rpc::RouterHandler>(d, *c.generation);
                p.handler = p.router->handler();
            } else {
                p.handler = static_cast<const mh_http_handler*>(c.descriptor);
                p.beside_http = has_router(published, p.module);
            }
            return;
        }
    }
}

Result<std::shared_ptr<const ProgramPlan>> Planning::program(const config::Listener& l,
                                                             std::string_view handler,
                                                             bool rpc) const {
    auto p = std::make_shared<ProgramPlan>();
    p->module = l.module;
    if (l.module == config::kRpcListener)
        p->handler = &rpc::kServedHandler;
    else
        find_handler(*p, handler, rpc);
    for (const AbsentModule& m : absent)
        if (!p->handler && m.id() == l.module) p->problem = m.reason;
    if (!p->handler && p->problem.empty())
        return error("listener \"{}\": module \"{}\" is not loaded or has no {}", l.name, l.module,
                     rpc ? "router of rpc" : "HTTP handler");
    Result<std::vector<FilterPtr>> chain = filters.chain(l);
    if (!chain) return chain.error();
    if (chain->size() > http::Program::kMaxFilters)
        return error("listener \"{}\": {} filters, at most {} are possible", l.name, chain->size(),
                     http::Program::kMaxFilters);
    p->chain = std::move(*chain);
    return std::shared_ptr<const ProgramPlan>(std::move(p));
}

Result<> Planning::add(const config::Listener& l, std::string_view handler, bool rpc) {
    if (l.address.empty()) return {};  // settings for a listener that the module itself opens
    auto p = std::make_shared<SitePlan>();
    p->name = l.name;
    p->module = l.module;
    auto program_plan = program(l, handler, rpc);
    if (!program_plan) return program_plan.error();
    p->program = std::move(*program_plan);
    Result<net::Address> a = net::Address::parse(l.address);
    if (!a) return a.error().context(fmt::format("listener \"{}\"", l.name));
    p->asked = *a;
    p->sockets = std::make_shared<Sockets>();
    p->sockets->address = *a;
    p->trust_all = a->is_unix();
    p->trusted = trusted;
    p->limits = limits_of(l.limits);
    p->proxy_protocol = l.proxy_protocol;
    p->rfc7239 = l.rfc7239;
    p->offers = l.module == config::kRpcListener;
    p->speaks_rpc = p->offers || p->program->router || p->program->beside_http;
    if (l.tls) {
        p->tls_files = l.tls;
        p->limits.handshake_timeout_ms = static_cast<uint32_t>(l.tls->handshake_timeout.count());
        if (Result<> r = read_certificates(*p); !r) return r;
        if (Result<> r = add_redirect(p, l); !r) return r;
    }
    out.sites.push_back(std::move(p));
    return {};
}

Result<> Planning::read_certificates(SitePlan& p) {
    for (const SitePlanPtr& b : before)
        if (b->name == p.name && b->tls_files == p.tls_files) {
            p.tls = b->tls;
            return {};
        }
    auto tls = load_tls(*p.tls_files);
    if (!tls) return tls.error().context(fmt::format("listener \"{}\"", p.name));
    p.tls = std::move(*tls);
    out.warnings.insert(out.warnings.end(), p.tls->warnings().begin(), p.tls->warnings().end());
    return {};
}

Result<> Planning::add_redirect(const SitePlanPtr& tls_site, const config::Listener& l) {
    if (l.tls->redirect_from.empty()) return {};
    auto p = std::make_shared<SitePlan>();
    p->name = l.name + "-redirect";
    p->redirect_of = l.name;
    p->module = "host";
    Result<net::Address> a = net::Address::parse(l.tls->redirect_from);
    if (!a) return a.error().context(fmt::format("listener \"{}\": redirect_from", l.name));
    p->asked = *a;
    p->sockets = std::make_shared<Sockets>();
    p->sockets->address = *a;
    p->limits = tls_site->limits;
    p->trusted = tls_site->trusted;
    auto program_plan = std::make_shared<ProgramPlan>();
    program_plan->module = "host";
    program_plan->redirect = std::make_shared<Redirect>(tls_site, l.tls->acme_webroot);
    program_plan->handler = program_plan->redirect->handler();
    p->program = std::move(program_plan);
    out.sites.push_back(std::move(p));
    return {};
}

// A listener that a module opens by itself, with what the configuration says about one of its name. Listeners that the
// operator wrote for a module replace those that it would open.
std::optional<config::Listener> Planning::listener_of(const module::Contribution& c,
                                                      mh_str address) const {
    const std::string& id = c.generation->id();
    const bool configured =
        std::any_of(config.listeners.begin(), config.listeners.end(),
                    [&](auto& l) { return l.module == id && !l.address.empty(); });
    if (configured) return {};
    config::Listener l;
    l.name = c.name.empty() ? id : c.name;
    l.module = id;
    l.limits = config.host.limits;
    auto own = std::find_if(config.listeners.begin(), config.listeners.end(),
                            [&](auto& x) { return x.name == l.name; });
    if (own != config.listeners.end()) l = *own;
    l.address = std::string(address.ptr, address.len);
    return l;
}

Result<> Planning::add_contributed(const module::Contribution& c) {
    const auto* d = static_cast<const mh_http_listener*>(c.descriptor);
    auto l = listener_of(c, d->address);
    if (!l) return {};
    const bool own = std::any_of(config.listeners.begin(), config.listeners.end(),
                                 [&](auto& x) { return x.name == l->name; });
    if (!own) l->tls = tls_of(*d, config.host.tls);
    return add(*l, d->handler ? d->handler : "");
}

Result<> Planning::add_contributed_rpc(const module::Contribution& c) {
    const auto* d = static_cast<const mh_rpc_listener*>(c.descriptor);
    const auto l = listener_of(c, d->address);
    return l ? add(*l, d->router ? d->router : "", true) : Result<>{};
}

// Filters ask who a stranger is; here the folder's mode has said so.
Result<> Planning::add_tools(const std::string& socket) {
    const bool serves = std::any_of(published.begin(), published.end(), [](auto& c) {
        return c.point == std::string_view(MH_RPC_SERVICE);
    });
    const bool offered = std::any_of(out.sites.begin(), out.sites.end(),
                                     [](const SitePlanPtr& s) { return s->offers; });
    if (socket.empty() || out.sites.empty() || !serves || offered) return {};
    config::Listener l;
    l.name = config::kToolsListener;
    l.module = config::kRpcListener;
    l.address = "unix:" + socket;
    l.limits = config.host.limits;
    l.filters.emplace();
    if (Result<> r = add(l, {}); !r) return r;
    out.sites.back()->for_tools = true;
    return {};
}

// SO_REUSEPORT, which spreads a listener over the loops, would let two of ours share a port.
Result<> Planning::check_addresses() const {
    for (size_t i = 0; i < out.sites.size(); i++)
        for (size_t j = 0; j < i; j++) {
            const SitePlan &s = *out.sites[i], &o = *out.sites[j];
            if (s.asked.text() == o.asked.text() && (s.asked.is_unix() || s.asked.port()))
                return error(
                    "listener \"{}\": {} is the address of listener \"{}\" already; give it "
                    "another",
                    s.name, s.asked.text(), o.name);
        }
    return {};
}

}  // namespace

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

Sockets::~Sockets() {
    if (accepting) return;
    for (int fd : fds)
        if (fd >= 0) ::close(fd);
}

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

Result<SitePlans> plan_sites(const config::Config& config, const module::Published& published,
                             const FilterSet& filters, const std::vector<AbsentModule>& absent,
                             const std::shared_ptr<const net::PrefixSet>& trusted,
                             const std::vector<SitePlanPtr>& before,
                             const std::string& tools_socket) {
    Planning planning{config, published, filters, absent, trusted, before, {}};
    for (const config::Listener& l : config.listeners)
        if (Result<> r = planning.add(l, {}); !r) return r.error();
    for (const module::Contribution& c : published)
        if (c.point == MH_HTTP_LISTENER)
            if (Result<> r = planning.add_contributed(c); !r) return r.error();
    for (const module::Contribution& c : published)
        if (c.point == MH_RPC_LISTENER)
            if (Result<> r = planning.add_contributed_rpc(c); !r) return r.error();
    if (Result<> r = planning.add_tools(tools_socket); !r) return r.error();
    if (Result<> r = planning.check_addresses(); !r) return r.error();
    return std::move(planning.out);
}

}  // namespace microhost::serve
