// SPDX-License-Identifier: Apache-2.0
#include "control/control.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <span>

#include "control/census.hpp"
#include "control/commands.hpp"
#include "control/explain.hpp"
#include "control/gauges.hpp"
#include "control/hook_watch.hpp"
#include "control/pages.hpp"
#include "control/readiness.hpp"
#include "control/traffic_feed.hpp"
#include "control/watchdog.hpp"
#include "http/engine.hpp"
#include "http/error_json.hpp"
#include "http/exchange.hpp"
#include "http/h1/server_connection.hpp"
#include "json/writer.hpp"
#include "net/listener.hpp"
#include "observe/exposition.hpp"
#include "observe/log.hpp"

namespace microhost::control {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kJson = "application/json";
constexpr uint32_t kConnections = 256;
// How long a page waits for the figures of a loop that hangs; then it shows what that loop told last.
constexpr uint32_t kPatienceMs = 300;
constexpr unsigned kRetries = 50;

struct Answer {
    unsigned status = 200;
    std::string_view type = kJson;
    std::string body;
};

// "a&verbose=1&b" has "verbose".
bool has_parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        std::string_view one = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), one.size() + 1));
        if (one.substr(0, one.find('=')) == name) return true;
    }
    return false;
}

ino_t inode_of(const std::string& path) {
    struct stat s {};
    return ::lstat(path.c_str(), &s) == 0 ? s.st_ino : 0;
}

}  // namespace

struct Control::State {
    explicit State(Sources from);

    struct Route {
        std::string_view path, summary;
        bool asks_loops;
        Answer (State::*make)(http::Exchange&);
    };
    static std::span<const Route> routes();
    static const Route* find(std::string_view path);

    Result<> listen(http::Site& site, std::unique_ptr<net::Acceptor>& acceptor, net::Address& at);
    void accept(http::Site& site, int fd, const net::Address& peer);
    mh_status on_request(http::Exchange& x);
    void finish(http::Exchange& x, const Route& r);
    void refuse_method(http::Exchange& x);
    LoopFigures figures() const;
    std::vector<Check> checks() const;
    Result<> open_tcp();
    void retry_tcp();
    void stop();

    Answer index(http::Exchange&);
    Answer healthz(http::Exchange&) { return {200, kText, "ok\n"}; }
    Answer readyz(http::Exchange& x);
    Answer metrics(http::Exchange&);
    Answer modules(http::Exchange&) { return {200, kJson, modules_page(from)}; }
    Answer listeners(http::Exchange&) { return {200, kJson, listeners_page(from, figures(), own)}; }
    Answer filters(http::Exchange&) { return {200, kJson, filters_page(from, figures())}; }
    Answer explain(http::Exchange& x);
    Answer registry(http::Exchange&) { return {200, kJson, registry_page(from)}; }
    Answer services(http::Exchange&) { return {200, kJson, services_page(from)}; }

    Sources from;
    Loop& loop;
    log::Domain log;
    Census census;
    TrafficFeed traffic;
    Watchdog watchdog;
    HookWatch hook_watch;
    Gauges gauges;
    mh_http_handler handler{};
    struct Door {
        State* owner = nullptr;
        http::Site site;
        http::Program program;
        std::unique_ptr<net::Acceptor> acceptor;
    };
    Door unix_door, tcp_door;
    ino_t inode = 0;  // of the Unix socket
    struct Retry : Timer {
        State* owner;
        unsigned left;
    } retry{};
    std::string tcp_address;
    std::vector<ListenerRow> own;
    uint64_t opened_ms = 0;
    bool is_ready = false, draining = false, open = false;
};

std::span<const Control::State::Route> Control::State::routes() {
    static constexpr std::array<Route, 10> kRoutes{{
        {"/", "this list", false, &State::index},
        {"/healthz", "200 as long as the process answers", false, &State::healthz},
        {"/readyz", "200 when requests may be sent here, 503 else; ?verbose lists the checks", true,
         &State::readyz},
        {"/metrics", "all metrics for Prometheus", true, &State::metrics},
        {"/v1/modules", "the modules in this process and what they contribute", false,
         &State::modules},
        {"/v1/listeners", "where this process listens", true, &State::listeners},
        {"/v1/filters", "the filters of each listener in order", true, &State::filters},
        {"/v1/explain",
         "what a request passes: ?method=&path=&host=&listener=&header=Name:%20value", true,
         &State::explain},
        {"/v1/registry", "where the registry has its services from, and what is wrong there", false,
         &State::registry},
        {"/v1/services", "the services that the registry knows", false, &State::services},
    }};
    return kRoutes;
}

const Control::State::Route* Control::State::find(std::string_view path) {
    for (const Route& r : routes())
        if (r.path == path) return &r;
    return nullptr;
}

Control::State::State(Sources s)
    : from(std::move(s)),
      loop(from.http.loop),
      log(from.log.domain("host/control")),
      census(loop, from.loops, from.each_site),
      traffic(loop, census, from.metrics, [this] { return !from.listeners().empty(); }),
      watchdog(loop, from.loops, log, from.metrics),
      hook_watch(loop, from.loops, log, from.metrics),
      gauges(from, census) {
    handler.size = sizeof handler;
    handler.name = "control";
    handler.user = this;
    handler.on_request = [](void*, void* user, mh_req* r, const mh_header*, uint32_t) {
        return static_cast<State*>(user)->on_request(http::Exchange::of(r));
    };
    // A loop does not answer: the page is made without its news.
    handler.on_cancel = [](void*, void* user, mh_req* r, mh_token, mh_status why) {
        http::Exchange& x = http::Exchange::of(r);
        if (why != MH_E_TIMEOUT) return;
        if (const Route* route = find(x.route)) static_cast<State*>(user)->finish(x, *route);
    };
    for (Door* d : {&unix_door, &tcp_door}) {
        d->owner = this;
        d->site.module = d->program.module = "control";
        d->program.handler = &handler;
        d->site.program = &d->program;
        d->site.limits.max_connections = kConnections;
    }
    if (from.commands)
        add_explain_command(*from.commands, from, census, [this] { return figures(); });
    unix_door.site.listener = "control";
    unix_door.site.trust_all = true;  // 0600: whoever can connect is us, or root
    tcp_door.site.listener = "control-tcp";
}

// ---- sockets

Result<> Control::State::listen(http::Site& site, std::unique_ptr<net::Acceptor>& acceptor,
                                net::Address& at) {
    net::ListenOptions options;
    options.reuse_port = false;
    options.unix_mode = 0600;
    Result<int> fd = net::open_listener(at, options);
    if (!fd) return fd.error().context("control socket");
    at = net::local_address(*fd);
    site.address = at.text();
    Door& door = &site == &unix_door.site ? unix_door : tcp_door;
    acceptor = std::make_unique<net::Acceptor>(
        loop, *fd,
        [](void* user, int s, const net::Address& peer) {
            auto* d = static_cast<Door*>(user);
            d->owner->accept(d->site, s, peer);
        },
        &door);
    ListenerRow row;
    row.name = site.listener;
    row.module = site.module;
    row.address = site.address;
    own.push_back(std::move(row));
    return {};
}

void Control::State::accept(http::Site& site, int fd, const net::Address& peer) {
    if (site.pins >= site.limits.max_connections) {
        ::close(fd);
        return;
    }
    http::ServerConnection::open(from.http, site, net::Stream(fd), peer);
}

void Control::State::stop() {
    if (!open) return;
    open = false;
    watchdog.stop();
    hook_watch.stop();
    traffic.stop();
    for (Door* d : {&unix_door, &tcp_door}) d->acceptor.reset();
    auto& all = from.http.connections;
    for (size_t i = all.size(); i-- > 0;)
        if (i < all.size() && all[i]->site().program->handler == &handler) all[i]->abort();
    Wheel::disarm(retry);
    if (inode_of(from.socket) == inode)
        ::unlink(from.socket.c_str());  // else it is another's by now
}

Result<> Control::State::open_tcp() {
    if (from.tcp_address.empty()) return {};
    Result<net::Address> at = net::Address::parse(from.tcp_address);
    if (!at) return at.error().context("control_address");
    if (Result<> r = listen(tcp_door.site, tcp_door.acceptor, *at); !r) return r;
    tcp_address = at->text();
    if (!at->is_loopback() && !at->is_unix())
        log.warn(
            "the control socket is open to the network: whoever reaches it reads metrics and "
            "configuration",
            {{"address", tcp_address}});
    log.info("control socket", {{"address", tcp_address}});
    return {};
}

// The worker before us is about to give the address up.
void Control::State::retry_tcp() {
    Result<> r = open_tcp();
    if (r) return;
    if (retry.left-- == 0) return log.error(r.error().what);
    loop.arm(retry, 100);
}

// ---- requests

mh_status Control::State::on_request(http::Exchange& x) {
    if (from.commands && asks_for_commands(x.path.path)) return answer_command(x, *from.commands);
    const Route* r = find(x.path.path);
    if (!r) {
        x.refuse(404, "there is no such page; GET / lists them");
        return MH_OK;
    }
    x.route = r->path;
    if (x.head.method != http::Method::get && x.head.method != http::Method::head) {
        refuse_method(x);
        return MH_OK;
    }
    const mh_token t = r->asks_loops && !from.loops.empty() ? x.suspend(kPatienceMs) : 0;
    if (!t) {
        finish(x, *r);
        return MH_OK;
    }
    census.ask(!from.listeners().empty(), [this, r, t, http = &from.http] {
        if (http::Exchange* waiting = http->tokens.find(t)) finish(*waiting, *r);
    });
    return MH_PENDING;
}

void Control::State::finish(http::Exchange& x, const Route& r) {
    Answer a = (this->*r.make)(x);
    std::array<mh_kv, 2> headers{{{http::str("Content-Type"), http::str(a.type)},
                                  {http::str("Cache-Control"), http::str("no-store")}}};
    mh_seg body = http::seg(a.body);
    x.respond(a.status, headers.data(), headers.size(), &body, 1);
}

void Control::State::refuse_method(http::Exchange& x) {
    std::array<char, 256> buffer;
    std::string_view json = http::error_json(buffer.data(), buffer.size(), "microhost", 405,
                                             "only GET and HEAD are possible here");
    std::array<mh_kv, 2> headers{{{http::str("Content-Type"), http::str(kJson)},
                                  {http::str("Allow"), http::str("GET, HEAD")}}};
    mh_seg body = http::seg(json);
    x.respond(405, headers.data(), headers.size(), &body, 1);
}

LoopFigures Control::State::figures() const {
    LoopFigures all = census.total();
    for (const Door* d : {&unix_door, &tcp_door})
        if (d->acceptor) all.connections[d->site.listener] = d->site.pins;
    return all;
}

std::vector<Check> Control::State::checks() const {
    return readiness(from, census.total(), {is_ready, draining, watchdog.stalled_count()});
}

// ---- pages

Answer Control::State::index(http::Exchange&) {
    Answer a;
    json::Writer w(a.body);
    w.object().key("name").string(from.name).key("version").string(from.version);
    w.key("pid").int64(::getpid());
    w.key("uptime_s").number(static_cast<double>(loop.now_ms() - opened_ms) / 1000);
    w.key("routes").object();
    for (const Route& r : routes()) w.key(r.path).string(r.summary);
    if (from.commands)
        w.key(kCommandsPath).string("the commands of this process; POST .../NAME runs one");
    w.end().end();
    return a;
}

Answer Control::State::readyz(http::Exchange& x) {
    const std::vector<Check> all = checks();
    const bool verbose = has_parameter(x.path.query, "verbose");
    return {ready(all) ? 200u : 503u, kText, verbose ? verbose_text(all) : brief_text(all)};
}

Answer Control::State::metrics(http::Exchange&) {
    return {200, observe::kExpositionType, observe::prometheus_text(from.metrics.collect())};
}

Answer Control::State::explain(http::Exchange& x) {
    const auto asked = ExplainedRequest::read(x.path.query);
    auto page = asked ? explain_page(from, figures(), *asked) : asked.error();
    if (page) return {200, kJson, std::move(*page)};
    std::array<char, 1024> buffer;
    const auto json =
        http::error_json(buffer.data(), buffer.size(), "microhost", 400, page.error().what);
    return {400, kJson, std::string(json)};
}

// ---- the outside

Control::Control(Sources sources) : s_(std::make_unique<State>(std::move(sources))) {}

Control::~Control() {
    s_->stop();
    s_->loop.turn(0);
}

Result<> Control::open() {
    State& s = *s_;
    s.opened_ms = s.loop.now_ms();
    Result<net::Address> local = net::Address::parse("unix:" + s.from.socket);
    if (!local) return local.error().context("control socket");
    s.open = true;
    if (Result<> r = s.listen(s.unix_door.site, s.unix_door.acceptor, *local); !r) return r;
    s.inode = inode_of(s.from.socket);
    if (!s.from.shared)
        if (Result<> r = s.open_tcp(); !r) return r;
    s.watchdog.start();
    s.hook_watch.start();
    return {};
}

Result<> Control::take_over(const std::string& path) {
    State& s = *s_;
    if (::rename(s.from.socket.c_str(), path.c_str()) != 0)
        return error("cannot rename {} to {}: {}", s.from.socket, path, std::strerror(errno));
    s.from.socket = path;
    s.unix_door.site.address = s.own[0].address = "unix:" + path;
    s.from.shared = false;
    s.retry.owner = &s;
    s.retry.left = kRetries;
    s.retry.fire = [](Timer& t) { static_cast<State::Retry&>(t).owner->retry_tcp(); };
    s.retry_tcp();
    return {};
}

void Control::leave() { s_->tcp_door.acceptor.reset(); }
uint64_t Control::longest_stall() const { return s_->watchdog.longest_stall(s_->loop.now_ms()); }
void Control::measure_traffic() { s_->traffic.start(); }
void Control::set_ready(bool ready) { s_->is_ready = ready; }
void Control::set_draining() { s_->draining = true; }
void Control::close() { s_->stop(); }
const std::string& Control::tcp_address() const { return s_->tcp_address; }

}  // namespace microhost::control
