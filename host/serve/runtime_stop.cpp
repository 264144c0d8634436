// SPDX-License-Identifier: Apache-2.0
// A serving process is told something: SIGHUP reads again what may change, SIGTERM ends it in reverse order of the start.
#include <algorithm>
#include <atomic>
#include <boost/asio/steady_timer.hpp>

#include "config/keys.hpp"
#include "json/writer.hpp"
#include "serve/clock.hpp"
#include "serve/module_operations.hpp"
#include "serve/notify.hpp"
#include "serve/runtime_state.hpp"

namespace microhost::serve {
namespace {

constexpr std::chrono::milliseconds kGrace{1000};

// Keys of the host that differ and are read at the start only: "host.loops, host.name".
std::string needing_restart(const config::Config& before, const config::Config& now) {
    std::string changed;
    auto text = [](json::Value v) { return json::to_text(v); };
    auto compare = [&](const std::string& name, const std::string& x, const std::string& y) {
        if (x == y) return;
        if (!changed.empty()) changed += ", ";
        changed += name;
    };
    json::Value a = before.document.root(), b = now.document.root();
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

// Two phases: everything is made and checked beside what runs before anything of it holds.
void Runtime::State::reload_config() {
    auto before = std::make_shared<config::Config>(config);
    operations->reconfigure([this, before](Result<> r) {
        log::Domain domain = log->domain("host/config");
        if (!r) {
            domain.error("the configuration in use stays", {{"reason", r.error().what}});
            return reload_certificates("reloaded certificates and log files");
        }
        if (std::string changed = needing_restart(*before, config); !changed.empty())
            domain.warn("what changed takes effect after a restart", {{"changed", changed}});
        if (Result<> l = log->set_levels(host().log.level); !l) domain.error(l.error().what);
        reload_certificates("reloaded configuration, certificates and log files");
    });
}

void Runtime::State::reload_certificates(std::string_view done) {
    auto warnings = sites->reload_certificates();
    if (!warnings)
        return log->domain("host").error("the certificates in use stay",
                                         {{"reason", warnings.error().what}});
    for (const std::string& w : *warnings) log->domain("host/net").warn(w);
    log->domain("host").info(done);
}

// SIGHUP: log files, configuration and certificates, read again.
void Runtime::State::reload() {
    if (stopping) return;
    log->reopen();
    if (access_log) access_log->reopen();
    if (serving) reload_config();
}

// ---- stop

void Runtime::State::stop() {
    if (stopping) return;
    stopping = true;
    log->domain("host").info("stopping");
    withdraw_announced();
    control_socket->set_draining();
    notify("STOPPING=1");
    operations->stop([this] {
        auto delay = static_cast<uint64_t>(host().drain_delay.count());
        if (delay)
            after(delay, &State::drain);
        else
            drain();
    });
}

// Others call us as long as they find us.
void Runtime::State::withdraw_announced() {
    if (rpc::Announced* announced = rpc::Announced::current()) announced->withdraw_all();
}

// Nothing is to be told: whoever looks for the instance finds the worker that serves it now.
void Runtime::State::retire() {
    if (stopping) return;
    stopping = retired = true;
    log->domain("host").info("another worker serves; this one finishes what it has");
    withdraw_announced();
    control_socket->set_draining();
    control_socket->leave();
    operations->stop([this] { drain(); });
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
    if (!serving) return finish();  // the modules were still starting
    uint64_t deadline =
        monotonic_ns() + static_cast<uint64_t>(host().drain_timeout.count()) * 1'000'000;
    auto end = [this, deadline] {
        sites->stop_accepting(false, [this, deadline] { wait_for_connections(deadline); });
    };
    if (!retired) return end();
    // A client may be about to send its next request on a connection that looks idle.
    sites->stop_accepting(true, [this, end] {
        auto timer = std::make_shared<boost::asio::steady_timer>(control->io, kGrace);
        timer->async_wait([timer, end](const boost::system::error_code&) { end(); });
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
    commands->stop_all("the process stops");
    withdraw_announced();
    if (providers) providers->stop();
    if (brokers) brokers->stop();
    auto modules_down = [this] {
        filters = {};
        modules->stop_all(monotonic_ns() + 2'000'000'000, [this] {
            directory.reset();
            health_probes.reset();
            publisher.reset();
            for_tools.reset();
            if (control_socket) control_socket->close();
            main_http->upstreams.close_idle();
            signals->close();
            control->stop();
        });
    };
    sites->remove(modules_down);
}

}  // namespace microhost::serve
