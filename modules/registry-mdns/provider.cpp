// SPDX-License-Identifier: Apache-2.0
#include "provider.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>

namespace microhost::registry_mdns {
namespace {

constexpr uint32_t kPriority = 50;       // the directory of this machine has 100
constexpr uint64_t kInterfaces = 5'000;  // how often they are looked at, in milliseconds

constexpr int64_t kSoon = 100, kLeastInterval = 1000;

uint64_t now_ms() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1000 + static_cast<uint64_t>(t.tv_nsec) / 1'000'000;
}

/// The target of SRV, as Micro's: whose address it is stands beside it.
std::string host_name() {
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) != 0 || !name_fits(name_of(name)) || !name[0])
        return "microhost";
    return name_of(name);
}

/// Those in which we speak, and Micro's two.
std::vector<std::string> read_domains(std::vector<std::string> domains) {
    for (const char* d : {"micro", "local"})
        if (std::find(domains.begin(), domains.end(), d) == domains.end()) domains.push_back(d);
    return domains;
}

void check_group(const char* key, const std::string& group, size_t bytes) {
    if (group.empty() || ip_of(group).size() == bytes) return;
    throw mh::failure(std::string(key) + ": \"" + group + "\" is no " +
                          (bytes == 4 ? "IPv4" : "IPv6") + " address; write " +
                          (bytes == 4 ? "224.0.0.251" : "ff02::fb") + ", or nothing for none",
                      "/" + std::string(key));
}

Settings checked(Settings s) {
    check_group("group", s.group, 4);
    check_group("group6", s.group6, 16);
    std::sort(s.domains.begin(), s.domains.end());
    s.domains.erase(std::unique(s.domains.begin(), s.domains.end()), s.domains.end());
    for (std::string& d : s.domains) {
        if (d.ends_with('.')) d.pop_back();
        if (d.empty() || !is_clean_name(d) || !name_fits(d) || d.size() > 63)
            throw mh::failure("domains: \"" + d + "\" is no domain; write micro or local",
                              "/domains");
    }
    return s;
}

/// Runs f on the provider behind `user`: no exception passes.
template <class F>
mh_status run(const char* hook, void* user, F&& f) {
    return mh::guarded(hook, [&] {
        f(*static_cast<Provider*>(user));
        return MH_OK;
    });
}

const mh_registry_sink& sink() { return mh::use<mh_registry_sink>(); }

}  // namespace

Provider::Provider(Settings s)
    : settings_(checked(std::move(s))),
      sockets_(settings_, socket_reports()),
      announcer_(sockets_, host_name(), settings_.domains, static_cast<uint16_t>(settings_.port)),
      browser_(sockets_, read_domains(settings_.domains),
               {static_cast<uint64_t>(
                    std::max<int64_t>(settings_.query_interval.count(), kLeastInterval)),
                static_cast<uint64_t>(settings_.first_wait.count())},
               browser_reports()) {
    table_.size = sizeof table_;
    table_.priority = kPriority;
    table_.name = "mdns";
    table_.user = this;
    table_.start = [](void* u) { return run("start", u, [](Provider& p) { p.start(); }); };
    table_.stop = [](void* u) { run("stop", u, [](Provider& p) { p.stop(); }); };
    table_.announce = [](void* u, uint64_t key, mh_str json, uint32_t) {
        return run("announce", u, [&](Provider& p) { p.announce(key, mh::view(json)); });
    };
    table_.withdraw = [](void* u, uint64_t key) {
        run("withdraw", u, [&](Provider& p) { p.withdraw(key); });
    };
    table_.look_up = [](void* u, mh_str name) {
        run("look_up", u, [&](Provider& p) { p.look_up(mh::view(name)); });
    };
}

Provider::~Provider() {
    if (timer_) mh::use<mh_timer>().cancel(timer_);
}

Browser::Reports Provider::browser_reports() {
    Browser::Reports r;
    r.known.changed = [this](const std::string& json) {
        sink().upsert(mh::the_host, &table_, mh::lend(json), 0);
    };
    r.known.gone = [this](const std::string& service, const std::string& version) {
        sink().remove(mh::the_host, &table_, mh::lend(service), mh::lend(version), {});
    };
    r.synced = [this] { sink().synced(mh::the_host, &table_); };
    r.looked_up = [this](const std::string& name) {
        sink().looked_up(mh::the_host, &table_, mh::lend(name));
    };
    r.complain = [this](const std::string& key, const std::string& text) { complain(key, text); };
    r.ours = [this](std::string_view instance) { return announcer_.owns(instance); };
    return r;
}

Sockets::Reports Provider::socket_reports() {
    Sockets::Reports r;
    r.packet = [this](const Source& from, std::string_view bytes) { take(from, bytes); };
    r.complain = [this](const std::string& key, const std::string& text) { complain(key, text); };
    r.trouble = [this](const std::string& text) {
        if (!text.empty()) mh::log::warn(text);
        sink().trouble(mh::the_host, &table_, text.empty() ? MH_OK : MH_E_UNREACHABLE,
                       mh::lend(text));
    };
    return r;
}

void Provider::complain(const std::string& key, const std::string& text) {
    if (complaints_.first(key)) mh::log::warn(text);
}

void Provider::start() {
    if (running_) return;
    sockets_.open();
    running_ = true;
    const uint64_t now = now_ms();
    interfaces_ms_ = now;
    announcer_.begin(probe_, now);
    probe_ = true;
    browser_.begin(now);
    work();
}

void Provider::stop() {
    if (!running_) return;
    running_ = false;
    if (!silent_) announcer_.goodbye();
    announcer_.stop();
    browser_.stop();
    sockets_.close();
    if (timer_) mh::use<mh_timer>().cancel(std::exchange(timer_, 0));
}

void Provider::announce(uint64_t key, std::string_view service_json) {
    Node n;
    std::string wrong = read_service(service_json, n);
    if (wrong.empty()) wrong = announcer_.add(key, n, now_ms());
    if (wrong.empty()) {
        browser_.forget_ours();
        return work();
    }
    const std::string what = n.service + " (node " + n.id + ")";
    complain("announce " + what + wrong,
             "service " + what + " is not announced over mdns: " + wrong);
    withdraw(key);
}

void Provider::withdraw(uint64_t key) {
    if (!silent_) announcer_.remove(key);
}

void Provider::look_up(std::string_view name) {
    browser_.look_up(std::string(name), now_ms());
    work();
}

void Provider::take(const Source& from, std::string_view bytes) {
    const uint64_t now = now_ms();
    if (!running_) return;
    if (!packets_.take(now))
        return complain("flood", "there are more packets than 5000 a second: the rest is left out");
    const auto m = read_message(bytes);
    if (!m || m->flags & (kOpcode | kRcode)) return;  // all kinds of programs share the port
    if (!m->response()) return announcer_.answer(*m, from, now);
    if (from.port != settings_.port) return;  // RFC 6762 section 6; Micro keeps to it
    browser_.take(*m, from, now);
    if (browser_.busy()) wake(kSoon);
}

void Provider::work() {
    if (!running_) return;
    const uint64_t now = now_ms();
    if (now - interfaces_ms_ >= kInterfaces) {
        interfaces_ms_ = now;
        if (sockets_.refresh()) {
            browser_.again(now);
            announcer_.begin(false, now);
        }
    }
    const int64_t a = announcer_.work(now), b = browser_.work(now);
    wake(a < 0 ? b : b < 0 ? a : std::min(a, b));
}

// One timer at a time; an earlier one replaces it.
void Provider::wake(int64_t ms) {
    const uint64_t at = now_ms() + static_cast<uint64_t>(std::max<int64_t>(ms, 0));
    if (timer_ && at >= wake_ms_) return;
    if (timer_) mh::use<mh_timer>().cancel(timer_);
    wake_ms_ = at;
    timer_ = mh::use<mh_timer>().start(
        mh::the_host, static_cast<uint32_t>(std::max<int64_t>(ms, 1)), 0,
        [](void* u) {
            auto& self = *static_cast<Provider*>(u);
            self.timer_ = 0;
            run("timer", u, [](Provider& p) { p.work(); });
        },
        this);
    if (!timer_)
        complain("timer", "there is no timer: nodes are not announced and asked for again in time");
}

}  // namespace microhost::registry_mdns
