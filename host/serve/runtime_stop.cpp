// SPDX-License-Identifier: Apache-2.0
// A serving process is told something: SIGHUP reads again what may change, SIGTERM ends it in reverse order of the start.
#include <time.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/steady_timer.hpp>

#include "config/keys.hpp"
#include "json/writer.hpp"
#include "serve/notify.hpp"
#include "serve/runtime_state.hpp"

namespace microhost::serve {
namespace {

constexpr std::chrono::milliseconds kGrace{1000};

uint64_t monotonic_ns() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

// Of each listener what is read at the start only.
std::string without_limits(json::Value listeners) {
    std::string out;
    json::Writer w{out};
    w.object();
    for (const json::Member& l : listeners.members()) {
        w.key(l.key).object();
        for (const json::Member& m : l.value.members())
            if (m.key != "limits") w.key(m.key).value(m.value);
        w.end();
    }
    w.end();
    return out;
}

// Keys of the host, and whole sections, that differ and are read at the start only: "listeners, host.loops".
std::string needing_restart(const config::Config& before, const config::Config& now) {
    std::string changed;
    auto text = [](json::Value v) { return json::to_text(v); };
    auto compare = [&](const std::string& name, const std::string& x, const std::string& y) {
        if (x == y) return;
        if (!changed.empty()) changed += ", ";
        changed += name;
    };
    json::Value a = before.document.root(), b = now.document.root();
    for (std::string name : {"load", "filters"})
        compare(name, text(a.find(name)), text(b.find(name)));
    compare("listeners", without_limits(a.find("listeners")), without_limits(b.find("listeners")));
    for (const config::Key& key : config::keys()) {
        if (key.live) continue;
        const std::string at = fmt::format("/host/{}", key.path);
        std::string name = "host." + std::string(key.path);
        std::replace(name.begin(), name.end(), '/', '.');
        compare(name, text(a.find_pointer(at)), text(b.find_pointer(at)));
    }
    return changed;
}

}  // namespace

// Two phases: every module checks its new configuration before any of them takes it.
void Runtime::State::reload_config() {
    log::Domain domain = log->domain("host/config");
    Result<config::Config> fresh = prepared.read_again();
    if (!fresh)
        return domain.error("the configuration in use stays", {{"reason", fresh.error().what}});
    auto proxies = trusted_in(*fresh);
    if (!proxies)
        return domain.error("the configuration in use stays", {{"reason", proxies.error().what}});
    std::vector<module::Generation*> willing;
    for (auto& g : modules->generations()) {
        const config::ModuleConfig* now = fresh->module(g->id());
        const config::ModuleConfig* before = prepared.config.module(g->id());
        if (!now || !before || now->config.text() == before->config.text()) continue;
        if (!g->module_table(MH_CONFIG_SINK)) {
            domain.warn("what changed takes effect after a restart",
                        {{"changed", "modules." + g->id()}});
            continue;
        }
        if (Result<> r = g->prepare_config(now->config); !r) {
            for (module::Generation* w : willing) w->abort_config();
            return domain.error("the configuration in use stays",
                                {{"changed", "modules." + g->id()}, {"reason", r.error().what}});
        }
        willing.push_back(g.get());
    }
    for (module::Generation* w : willing) w->commit_config();
    refresh(*fresh, std::move(*proxies));
    if (std::string changed = needing_restart(prepared.config, *fresh); !changed.empty())
        domain.warn("what changed takes effect after a restart", {{"changed", changed}});
    if (Result<> r = log->set_levels(fresh->host.log.level); !r) domain.error(r.error().what);
    prepared.config = std::move(*fresh);
}

// Each loop takes the new values in one turn: connections that are open keep what they have, and go on under them.
void Runtime::State::refresh(const config::Config& fresh,
                             std::shared_ptr<const net::PrefixSet> now) {
    trusted = std::move(now);
    const http::Limits limits = limits_of(fresh.host.limits);
    main_http->limits = limits;
    for (auto& l : loops) l->loop.post([limits, loop = l.get()] { loop->http.limits = limits; });
    sites->refresh(fresh, trusted);
}

// SIGHUP: log files, configuration and certificates, read again.
void Runtime::State::reload() {
    if (stopping) return;
    log->reopen();
    if (access_log) access_log->reopen();
    if (!sites) return;
    reload_config();
    auto warnings = sites->reload_certificates();
    if (!warnings)
        return log->domain("host").error("the certificates in use stay",
                                         {{"reason", warnings.error().what}});
    for (const std::string& w : *warnings) log->domain("host/net").warn(w);
    log->domain("host").info("reloaded configuration, certificates and log files");
}

// ---- stop

void Runtime::State::stop() {
    if (stopping) return;
    stopping = true;
    log->domain("host").info("stopping");
    control_socket->set_draining();
    notify("STOPPING=1");
    auto delay = static_cast<uint64_t>(host().drain_delay.count());
    if (delay)
        after(delay, &State::drain);
    else
        drain();
}

// Nothing is to be told: whoever looks for the instance finds the worker that serves it now.
void Runtime::State::retire() {
    if (stopping) return;
    stopping = retired = true;
    log->domain("host").info("another worker serves; this one finishes what it has");
    control_socket->set_draining();
    control_socket->leave();
    drain();
}

void Runtime::State::after(uint64_t ms, void (State::*next)()) {
    then_ = [this, next] { (this->*next)(); };
    auto timer =
        std::make_shared<boost::asio::steady_timer>(control->io, std::chrono::milliseconds(ms));
    timer->async_wait([this, timer](const boost::system::error_code&) {
        auto f = std::move(then_);
        if (f) f();
    });
}

void Runtime::State::drain() {
    if (!sites) return finish();  // the modules were still starting
    uint64_t deadline =
        monotonic_ns() + static_cast<uint64_t>(host().drain_timeout.count()) * 1'000'000;
    if (!retired) {
        sites->stop_accepting(control->loop, false,
                              [this, deadline] { wait_for_connections(deadline); });
        return;
    }
    // A client may be about to send its next request on a connection that looks idle.
    sites->stop_accepting(control->loop, true, [this, deadline] {
        auto timer = std::make_shared<boost::asio::steady_timer>(control->io, kGrace);
        timer->async_wait([this, timer, deadline](const boost::system::error_code&) {
            sites->stop_accepting(control->loop, false,
                                  [this, deadline] { wait_for_connections(deadline); });
        });
    });
}

// Asks every loop how many connections are left, again and again, until none is or the time is over.
void Runtime::State::wait_for_connections(uint64_t deadline_ns) {
    struct Count {
        std::atomic<size_t> connections{0}, left;
    };
    auto count = std::make_shared<Count>();
    count->left = loops.size();
    bool late = monotonic_ns() >= deadline_ns;
    for (auto& l : loops)
        l->loop.post([this, count, deadline_ns, late, loop = l.get()] {
            if (late) loop->http.close_all();
            count->connections += loop->http.connections.size();
            if (--count->left != 0) return;
            control->loop.post([this, count, deadline_ns, late] {
                if (count->connections == 0 || late) return finish();
                auto timer = std::make_shared<boost::asio::steady_timer>(
                    control->io, std::chrono::milliseconds(10));
                timer->async_wait([this, timer, deadline_ns](const boost::system::error_code&) {
                    wait_for_connections(deadline_ns);
                });
            });
        });
}

void Runtime::State::finish() {
    auto modules_down = [this] {
        filters = {};
        modules->stop_all(monotonic_ns() + 2'000'000'000, [this] {
            directory.reset();
            health_probes.reset();
            publisher.reset();
            if (control_socket) control_socket->close();
            main_http->upstreams.close_idle();
            signals->close();
            control->stop();
        });
    };
    if (sites)
        sites->remove(control->loop, modules_down);
    else
        modules_down();
}

}  // namespace microhost::serve
