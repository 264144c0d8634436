// SPDX-License-Identifier: Apache-2.0
#include "supervise/supervisor.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "loop/loop.hpp"
#include "net/listener.hpp"
#include "serve/notify.hpp"
#include "supervise/link.hpp"
#include "supervise/quarantine.hpp"

namespace microhost::supervise {
namespace {

// The sockets of many listeners and loops are many.
void raise_file_limit() {
    rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0) return;
    l.rlim_cur = l.rlim_max;
    setrlimit(RLIMIT_NOFILE, &l);
}

}  // namespace

Supervisor::Supervisor(const config::HostSettings& host, Recipe recipe)
    : host_(host),
      recipe_(std::move(recipe)),
      log_(host.log),
      crashes_(host.quarantine_crashes, static_cast<uint64_t>(host.quarantine_window.count())) {}

Supervisor::~Supervisor() {
    close_all(kept_);
    if (signals_ >= 0) ::close(signals_);
}

uint64_t Supervisor::now_ms() { return Loop::clock_ns() / 1'000'000; }

int Supervisor::run() {
    Result<> begun = open();
    if (begun) begun = start_worker(false);
    if (!begun) {
        std::fprintf(stderr, "microhost: %s\n", begun.error().what.c_str());
        return 2;
    }
    while (!over_) wait_for_something();
    return status_;
}

Result<> Supervisor::open() {
    std::signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    sigset_t set;
    sigemptyset(&set);
    for (const int s : {SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGCHLD}) sigaddset(&set, s);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals_ < 0) return error("signalfd: {}", std::strerror(errno));
    for (net::Adopted& a : net::adopted_listeners()) kept_.push_back({a.fd, std::move(a.name)});
    if (Result<> r = folder_.create(host_.runtime_dir, instance_name(host_.name)); !r) return r;
    recipe_.folder = folder_.path();
    return desk_.open(folder_.supervisor_socket());
}

Result<> Supervisor::start_worker(bool overlaps) {
    auto started = Worker::start(recipe_, kept_, overlaps, now_ms());
    if (!started) return started.error();
    workers_.push_back(std::move(*started));
    (overlaps ? next_ : current_) = workers_.back().get();
    log_.info("a worker starts", {{"worker", workers_.back()->pid()}});
    return {};
}

void Supervisor::wait_for_something() {
    std::vector<pollfd> set{{signals_, POLLIN, 0}};
    for (auto& w : workers_)
        if (w->channel() >= 0) set.push_back({w->channel(), POLLIN, 0});
    desk_.add_to(set);
    if (::poll(set.data(), set.size(), static_cast<int>(patience(now_ms()))) < 0) return;
    for (auto& w : workers_) hear(*w);
    take_signals();
    desk_.serve(set, [this](uint64_t who, std::string_view line) { serve_desk(who, line); });
    look_at_clock();
    if (stopping_ && workers_.empty()) over_ = true;
}

void Supervisor::take_signals() {
    signalfd_siginfo s;
    while (::read(signals_, &s, sizeof s) == sizeof s) {
        const int number = static_cast<int>(s.ssi_signo);
        switch (number) {
            case SIGCHLD: bury(); break;
            case SIGUSR2: ask_upgrade("SIGUSR2", 0); break;
            case SIGHUP:
                for (auto& w : workers_) w->tell("reload");
                break;
            default: stop(number);
        }
    }
}

// By message, not by signal: on a terminal, and from some service managers, the worker has got the signal already, and a second
// one would end it at once.
void Supervisor::stop(int number) {
    if (stopping_) {
        for (auto& w : workers_) w->kill(SIGKILL);
        status_ = 128 + number;
        return;
    }
    stopping_ = true;
    restart_ms_ = 0;
    serve::notify("STOPPING=1");
    end_upgrade(error("the instance is stopping"));
    for (auto& w : workers_) w->tell("stop");
}

// ---- replacement

void Supervisor::ask_upgrade(std::string reason, uint64_t who) {
    if (stopping_) return desk_.answer(who, error("the instance is stopping"));
    if (next_ || !current_ || !current_->ready)
        return desk_.answer(who, error("a worker is starting already; try again"));
    waiting_.assign(1, who);
    upgrade_reason_ = std::move(reason);
    log_.info("the worker is to be replaced",
              {{"worker", current_->pid()}, {"reason", upgrade_reason_}});
    if (Result<> r = start_worker(true); !r) end_upgrade(r.error());
}

void Supervisor::end_upgrade(const Result<std::string>& how) {
    if (!how && !upgrade_reason_.empty())
        log_.error("the worker was not replaced; the old one stays",
                   {{"reason", how.error().what}});
    for (const uint64_t who : waiting_) desk_.answer(who, how);
    waiting_.clear();
    upgrade_reason_.clear();
}

void Supervisor::serve_desk(uint64_t who, std::string_view line) {
    constexpr std::string_view kRelease = "release ";
    if (line == "upgrade") return ask_upgrade("upgrade", who);
    if (!line.starts_with(kRelease))
        return desk_.answer(who,
                            error("\"{}\" is not understood; is this supervisor older?", line));
    const std::string module(line.substr(kRelease.size()));
    const Quarantine quarantine(host_.state_dir);
    auto released = quarantine.release(module);
    if (!released) return desk_.answer(who, released.error());
    if (!*released) return desk_.answer(who, error("\"{}\" is not in quarantine", module));
    log_.info("a module was released from quarantine", {{"module", module}});
    ask_upgrade(fmt::format("release of {}", module), who);
}

// ---- what workers say

void Supervisor::hear(Worker& w) {
    Message m;
    while (w.channel() >= 0) {
        const Got got = receive_message(w.channel(), m);
        if (got == Got::nothing) return;
        if (got == Got::end) return w.hang_up();
        heed(w, m);
        if (m.fd >= 0) ::close(m.fd);
    }
}

void Supervisor::heed(Worker& w, Message& m) {
    if (m.verb == "alive") {
        w.heard_ms = now_ms();
        w.stall_ms = std::strtoull(m.field(0).c_str(), nullptr, 10);
    } else if (m.verb == "socket" && m.fd >= 0) {
        if (w.sockets_whole) close_all(w.sockets);
        w.sockets_whole = false;
        w.sockets.push_back({std::exchange(m.fd, -1), m.field(1)});
    } else if (m.verb == "sockets") {
        w.sockets_whole = true;
        if (w.ready && &w == current_) keep(w);
    } else if (m.verb == "ready") {
        on_ready(w);
    } else if (m.verb == "failed") {
        w.failure = m.field(0);
    } else if (m.verb == "replace") {
        if (&w == current_) ask_upgrade(m.field(0), 0);
    } else if (m.verb == "crash") {
        w.crash = m;
    }
}

// The sockets of the worker that serves, all of them: those of addresses that it does not serve are let go.
void Supervisor::keep(Worker& w) {
    close_all(kept_);
    kept_ = std::move(w.sockets);
    w.sockets.clear();
}

void Supervisor::on_ready(Worker& w) {
    w.ready = true;
    if (w.sockets_whole) keep(w);
    if (&w == next_) {
        Worker* old = current_;
        current_ = std::exchange(next_, nullptr);
        if (old) old->tell("retire");
        end_upgrade({boost::system::in_place_value, fmt::format("worker {} serves", w.pid())});
    } else if (!waiting_.empty()) {  // the one that it should have replaced has crashed meanwhile
        end_upgrade({boost::system::in_place_value, fmt::format("worker {} serves", w.pid())});
    }
    log_.info("the worker serves", {{"worker", w.pid()}, {"ms", now_ms() - w.started_ms}});
    if (!std::exchange(was_ready_, true))
        serve::notify(fmt::format("MAINPID={}\nREADY=1", ::getpid()));
}

}  // namespace microhost::supervise
