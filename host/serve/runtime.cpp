// SPDX-License-Identifier: Apache-2.0
// The start of a serving process, top to bottom. Its end, and what happens in between, is in runtime_stop.cpp.
#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <random>
#include <thread>

#include "http/poison.hpp"
#include "json/writer.hpp"
#include "module/event_bus.hpp"
#include "net/module_sockets.hpp"
#include "serve/card.hpp"
#include "serve/module_operations.hpp"
#include "serve/notify.hpp"
#include "serve/offered.hpp"
#include "serve/runtime_state.hpp"
#include "supervise/crash_line.hpp"
#include "supervise/link.hpp"

namespace microhost::serve {
namespace {

constexpr std::chrono::seconds kSocketsKept{10};  // until their modules listen

unsigned loop_count(const config::HostSettings& host) {
    if (host.loops) return std::min(host.loops, Loop::kMaxLoops - 2);
    return std::max(1u, std::min(std::thread::hardware_concurrency(), Loop::kMaxLoops - 2));
}

log::Options log_options(const config::Log& c) {
    log::Options o;
    o.levels = c.level;
    o.path = c.file;
    o.format = c.format == config::LogFormat::text   ? log::Format::text
               : c.format == config::LogFormat::json ? log::Format::json
                                                     : log::Format::automatic;
    return o;
}

// What glibc comes to by itself with the first large block that is freed, whenever that is: memory for bodies is not given
// back to the system and asked for again.
void keep_freed_memory() {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
    mallopt(M_TRIM_THRESHOLD, 2 * 1024 * 1024);
#endif
}

// A proxy needs two descriptors for each request; the soft limit is often a leftover of the nineties.
void raise_file_limit() {
    rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur == l.rlim_max) return;
    l.rlim_cur = l.rlim_max;
    setrlimit(RLIMIT_NOFILE, &l);
}

// Such a module makes shards that wait until OpenSSL has come up.
bool links_openssl(const std::vector<module::CandidatePtr>& modules) {
    return std::ranges::any_of(modules, [](const module::CandidatePtr& c) {
        return std::ranges::any_of(c->elf.needed, [](std::string_view library) {
            return library.starts_with("libcrypto.so");
        });
    });
}

}  // namespace

Runtime::State::State(Prepared p) : prepared(std::move(p)), config(prepared.config) {}
Runtime::State::~State() = default;

Runtime::Runtime(Prepared prepared) : s_(std::make_unique<State>(std::move(prepared))) {}
Runtime::~Runtime() = default;

int Runtime::run() {
    State& s = *s_;
    const supervise::CrashStack stack;
    Result<> started = s.start_basics();
    if (started) started = s.start_registry();
    if (started) started = s.open_control();
    if (!started) {
        s.fail(started.error());
        return s.status;
    }
    for (auto& l : s.loops) l->start();
    s.operations->start([&s](Result<> r) { r ? s.started() : s.fail(r.error()); });
    s.control->run();
    for (auto& l : s.loops) l->stop();
    http::set_client_resolver(nullptr);
    net::Resolver::set_of_process(nullptr);
    s.give_resolver(nullptr);
    s.resolver.reset();
    s.control->loop.close_queue();
    return s.status;
}

// One line, exit status 2, and nothing was served.
void Runtime::State::fail(const Error& e) {
    std::fprintf(stderr, "microhost: %s\n", e.what.c_str());
    if (supervise::Link* link = supervise::Link::here()) link->failed(e.what);
    status = 2;
    if (!control || loops.empty() || !loops[0]->thread.joinable()) return;
    stopping = true;
    finish();
}

Result<> Runtime::State::start_basics() {
    std::signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    keep_freed_memory();
    auto opened = log::Log::open(log_options(host().log));
    if (!opened) return opened.error();
    log = std::move(*opened);
    auto proxies = trusted_in(config);
    if (!proxies) return proxies.error();
    trusted = std::move(*proxies);
    const http::Limits limits = limits_of(host().limits);
    unsigned n = loop_count(host());
    static log::Domain warnings = log->domain("host/observe");
    metrics = std::make_unique<observe::Metrics>(n, &warnings);
    if (Result<> r = open_access_log(n); !r) return r;
    control = std::make_unique<ControlThread>(n);
    control->loop.adopt_thread();
    std::vector<Loop*> bare;
    for (unsigned i = 0; i < n; i++) {
        loops.push_back(std::make_unique<RequestLoop>(i, limits, log->domain("host/http"),
                                                      metrics.get(), access_log.get()));
        bare.push_back(&loops.back()->loop);
    }
    if (Result<> r = start_engines(); !r) return r;
    module::EnvironmentOptions options;
    options.workers = host().workers;
    options.version = MICROHOST_VERSION;
    options.state_dir = host().state_dir;
    supervise::Link* link = supervise::Link::here();
    if (link)
        folder.join(link->folder());
    else if (Result<> r = folder.create(host().runtime_dir, supervise::instance_name(host().name));
             !r)
        return r;
    options.module_cache = folder.module_cache(::getpid());
    environment =
        std::make_unique<module::Environment>(*log, *metrics, control->loop, bare, options);
    offer_interfaces(environment->interfaces);
    add_points(environment->points);
    if (http::poison_what_is_lent(environment->interfaces, environment->points))
        log->domain("host").warn(
            "MICROHOST_POISON: what modules are lent is made unreadable after each hook; slow, for "
            "tests");
    modules = std::make_unique<module::ModuleSet>(*environment);
    sites = std::make_unique<SiteSet>(loops, control->loop);
    operations = std::make_unique<ModuleOperations>(*this, std::move(prepared.intent),
                                                    std::move(prepared.loader));
    candidates = std::move(prepared.modules);
    start_commands();
    signals = std::make_unique<Signals>(
        control->io, [this] { stop(); }, [this] { reload(); });
    if (link)
        link->obey(control->loop,
                   {[this] { stop(); }, [this] { reload(); }, [this] { retire(); },
                    [this] { folder.inherit(), stop(); },
                    [this] { return control_socket ? control_socket->longest_stall() : 0; }});
    return {};
}

void Runtime::State::read_upstream_tls() {
    upstream_tls_read = std::async(std::launch::async, [this, net = log->domain("host/net")] {
        if (auto r = upstream_tls->prepare(); !r)
            net.error("no upstream can be reached over TLS", {{"reason", r.error().what}});
    });
}

Result<std::shared_ptr<const net::PrefixSet>> Runtime::State::trusted_in(
    const config::Config& config) {
    auto set = std::make_shared<net::PrefixSet>();
    for (const std::string& p : config.host.trusted_proxies)
        if (Result<> r = set->add(p); !r) return r.error().context("host/trusted_proxies");
    return std::shared_ptr<const net::PrefixSet>(std::move(set));
}

Result<> Runtime::State::open_access_log(unsigned n) {
    const config::AccessLog wanted = host().log.access_log;
    if (wanted == config::AccessLog::off) return {};
    observe::AccessOptions o;
    o.loops = n;
    o.format = wanted == config::AccessLog::json ? observe::AccessFormat::json
                                                 : observe::AccessFormat::combined;
    auto opened = observe::AccessLog::open(o);
    if (!opened) return opened.error();
    access_log = std::move(*opened);
    return {};
}

// What request loops have, for the control thread; and what all of them share.
Result<> Runtime::State::start_engines() {
    main_http = std::make_unique<http::Engine>(control->loop, limits_of(host().limits),
                                               log->domain("host/http"), metrics.get());
    main_rpc = std::make_unique<rpc::Engine>(*main_http, std::random_device{}(), metrics.get());
    main_http->adopt_thread();
    main_rpc->adopt_thread();
    upstream_tls = net::TlsClientContext::of_system();
    if (links_openssl(prepared.modules)) read_upstream_tls();
    for (auto& l : loops) l->rpc.tls = upstream_tls.get();
    main_rpc->tls = upstream_tls.get();
    resolver = std::make_unique<net::Resolver>();
    http::set_client_resolver(resolver.get());
    net::Resolver::set_of_process(resolver.get());
    give_resolver(resolver.get());
    return {};
}

void Runtime::State::give_resolver(net::Resolver* r) {
    for (auto& l : loops) l->rpc.names.resolver = r;
    if (main_rpc) main_rpc->names.resolver = r;
}

Result<> Runtime::State::start_registry() {
    auto warn = [domain = log->domain("host/registry")](std::string_view text) {
        domain.warn(text);
    };
    publisher = std::make_unique<registry::Publisher>(control->io, host().runtime_dir, warn);
    for_tools = std::make_unique<registry::Publisher>(control->io, folder.path(), warn);
    table = std::make_unique<registry::Table>(
        [this](std::function<void()> f) { control->loop.post(std::move(f)); });
    // Before views hear of a change: who is told of a service can call it at once.
    table->on_change([this](std::shared_ptr<const registry::Snapshot> s) { adopt_snapshot(s); });
    rpc::decorate(*table, publisher.get());
    registry::DirectoryOptions options;
    options.runtime_dir = host().runtime_dir;
    options.warn = warn;
    directory = std::make_unique<registry::Directory>(control->io, table->open("directory", 100),
                                                      std::move(options));
    directory->start();
    local_feed = table->open("process", 200);
    service_nodes = std::make_unique<ServiceNodes>(*table, *for_tools, log->domain("host/rpc"));
    providers = std::make_unique<rpc::Providers>(
        control->loop, *table, *rpc::Announced::current(), log->domain("host/registry"),
        rpc::ProvidersOptions{host().state_dir, host().registry_wait});
    sources = std::make_unique<rpc::RegistrySources>(host().runtime_dir, [this] {
        return rpc::source_rows(providers->rows(), host().runtime_dir + "/registry/v1");
    });
    brokers = std::make_unique<event::Brokers>(control->loop, *environment->events,
                                               log->domain("host/event"));
    health_probes = std::make_unique<HealthProbes>(*main_http, *resolver, *table, warn);
    sweep_registry();
    return {};
}

void Runtime::State::adopt_snapshot(const std::shared_ptr<const registry::Snapshot>& snapshot) {
    main_rpc->adopt(snapshot);
    environment->events->tell("microhost.registry.changed",
                              fmt::format("{{\"revision\":{}}}", snapshot->revision()));
    for (auto& l : loops)
        l->loop.post([this, loop = l.get(), snapshot] {
            auto old = loop->rpc.adopt(snapshot);
            control->loop.post([old] {});  // the last reference goes where time does not matter
        });
}

void Runtime::State::sweep_registry() {
    table->sweep();
    sweep.fire = [](Timer& t) { static_cast<Sweep&>(t).owner->sweep_registry(); };
    sweep.owner = this;
    control->loop.arm(sweep, 60'000);
}

// In-process services: on each loop as what it calls, and in the table as names that exist.
std::function<void(rpc::Engine&)> Runtime::State::offer_services() {
    struct Offered {
        const mh_rpc_service* service;
        module::Generation* generation;
    };
    std::vector<Offered> offered;
    described.clear();
    local_feed.resync();
    for (const module::Contribution& c : modules->published(MH_RPC_SERVICE)) {
        auto* d = static_cast<const mh_rpc_service*>(c.descriptor);
        offered.push_back({d, c.generation});
        auto service = rpc::describe(*d, c.generation->manifest().version);
        if (!service) {
            log->domain("host/rpc").error(service.error().what);
            continue;
        }
        local_feed.upsert(*service);
        const bool known =
            std::any_of(described.begin(), described.end(),
                        [&](const registry::Service& s) { return s.name == service->name; });
        if (!known) described.push_back(std::move(*service));
    }
    local_feed.synced();
    return [offered](rpc::Engine& e) {
        std::vector<rpc::LocalService> local;
        for (const Offered& o : offered)
            local.push_back({o.service, o.generation, o.generation->shard(e.http.loop.index()),
                             o.service->name});
        e.set_local(std::move(local));
    };
}

void Runtime::State::say_missing(const FilterSet& now) const {
    for (const FilterPtr& f : now.all()) {
        if (f->filter) continue;
        const bool said = std::any_of(
            filters.all().begin(), filters.all().end(),
            [&](const FilterPtr& o) { return o->name == f->name && o->problem == f->problem; });
        if (!said)
            log->domain("host/serve")
                .error(f->on_error == http::OnError::closed
                           ? "a filter is missing: what it guards is answered 503"
                           : "a filter is missing",
                       {{"filter", f->name}, {"reason", f->problem}});
    }
}

std::vector<control::ListenerRow> Runtime::State::listener_rows() const {
    std::vector<control::ListenerRow> rows;
    for (auto& s : sites->sites()) {
        if (s->for_tools) continue;
        control::ListenerRow row;
        row.name = s->name;
        row.module = s->module;
        row.address = s->address().text();
        row.tls = s->tls != nullptr;
        row.proxy_protocol = s->proxy_protocol;
        row.problem = s->program->problem;
        for (const FilterPtr& f : s->program->chain)
            row.filters.push_back({f->name, f->module, std::string(phase_name(f->phase)),
                                   f->on_error, f->shadow, f->problem, f->match, f->after,
                                   f->before});
        rows.push_back(std::move(row));
    }
    return rows;
}

Result<> Runtime::State::open_control() {
    std::vector<Loop*> bare;
    for (auto& l : loops) bare.push_back(&l->loop);
    auto each_site = [this](unsigned loop, const std::function<void(const http::Site&)>& fn) {
        sites->each(loop, fn);
    };
    const supervise::Link* link = supervise::Link::here();
    const bool overlaps = link && link->overlaps();
    control_socket = std::make_unique<control::Control>(control::Sources{
        *main_http, std::move(bare), *log, *metrics, *modules, *environment->health,
        supervise::instance_name(host().name), MICROHOST_VERSION,
        overlaps ? folder.path() + "/next.sock" : folder.control_socket(), overlaps,
        host().control_address, [this] { return table->snapshot(); },
        [this] { return listener_rows(); }, each_site, commands.get(),
        [this] { return providers->rows(); }});
    observe::add_process_metrics(*metrics, MICROHOST_VERSION);
    observe::add_log_metrics(*metrics, *log);
    if (access_log) observe::add_access_log_metrics(*metrics, *access_log);
    return control_socket->open();
}

void Runtime::State::announce_listeners() {
    std::vector<std::pair<std::string, std::string>> open;
    std::vector<http::OpenListener> told;
    for (auto& s : sites->sites()) {
        if (s->for_tools) continue;
        open.emplace_back(s->name, s->address().text());
        told.push_back({s->name, s->module, s->address().text(), s->tls != nullptr});
    }
    http::set_listeners(std::move(told));
    if (!serving) return;
    if (!stopping) service_nodes->announce(sites->sites(), host().rpc_advertise);
    tell_listeners();
    if (Result<> r = folder.announce(open); !r) log->domain("host/serve").error(r.error().what);
}

void Runtime::State::tell_listeners() {
    std::string text;
    json::Writer w(text);
    w.array();
    for (const auto& s : sites->sites()) {
        if (s->for_tools) continue;
        w.object().key("name").string(s->name).key("module").string(s->module);
        w.key("address").string(s->address().text()).key("tls").boolean(s->tls != nullptr).end();
    }
    w.end();
    environment->events->tell("microhost.listener.opened", std::move(text));
}

// The modules run, and listeners accept.
void Runtime::State::started() {
    if (stopping) return;
    const supervise::Link* link = supervise::Link::here();
    // Who takes over leaves the requests to the other worker until it knows where the services are.
    if (!link || !link->overlaps()) serve();
    providers->when_settled([this] { ready(); });
    if (!upstream_tls_read.valid()) read_upstream_tls();
}

void Runtime::State::serve() {
    serving = true;
    for (const std::string& w : config.warnings) log->domain("host/config").warn(w);
    control_socket->set_ready(true);
    announce_listeners();
}

void Runtime::State::ready() {
    if (stopping) return;
    supervise::Link* link = supervise::Link::here();
    if (!serving) {
        if (Result<> r = control_socket->take_over(folder.control_socket()); !r)
            return fail(r.error());
        serve();
    }
    bool show = host().card == "on" || (host().card == "auto" && ::isatty(2));
    if (show)
        std::fputs(
            card(config, *modules, *sites, *table->snapshot(), folder.control_socket()).c_str(),
            stderr);
    const auto told =
        std::ranges::count(sites->sites(), false, [](auto& s) { return s->for_tools; });
    log->domain("host").info("ready", {{"listeners", told}});
    if (link) link->ready();
    notify("READY=1");
    auto timer = std::make_shared<boost::asio::steady_timer>(control->io, kSocketsKept);
    timer->async_wait([timer](const boost::system::error_code& ec) {
        if (!ec) net::ModuleSockets::get().forget_kept();
    });
}

}  // namespace microhost::serve
