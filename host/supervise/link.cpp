// SPDX-License-Identifier: Apache-2.0
#include "supervise/link.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "net/listener.hpp"
#include "supervise/channel.hpp"

namespace microhost::supervise {
namespace {

constexpr uint64_t kBeatMs = 200;

Link* found = nullptr;  // as long as the process: a signal handler writes to it

}  // namespace

Link* Link::here() { return found; }

void Link::find() {
    const char* text = std::getenv(kVariable);
    int fd = -1, parent = 0, overlaps = 0, end = 0;
    const bool whole =
        text && std::sscanf(text, "%d %d %d %n", &fd, &parent, &overlaps, &end) == 3 && end > 0;
    const std::string folder = whole ? text + end : "";
    ::unsetenv(kVariable);
    if (!whole || parent != ::getppid() || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return;
    found = new Link;
    found->fd_ = fd;
    found->supervisor_ = parent;
    found->overlaps_ = overlaps != 0;
    found->folder_ = folder;
}

void Link::socket(int fd, std::string_view name) {
    send_message(fd_, "socket", {net::local_address(fd).text(), name}, fd, Patience::wait);
}
void Link::sockets_end() { send_message(fd_, "sockets", {}, -1, Patience::wait); }
void Link::ready() { send_message(fd_, "ready", {}, -1, Patience::wait); }
void Link::failed(std::string_view why) { send_message(fd_, "failed", {why}, -1, Patience::wait); }
void Link::ask_replacement(std::string_view reason) { send_message(fd_, "replace", {reason}); }

void Link::obey(Loop& main, Orders orders) {
    main_ = &main;
    orders_ = std::move(orders);
    main.add(fd_, this, EPOLLIN);
    beat_.owner = this;
    beat_.fire = [](Timer& t) { static_cast<Beat&>(t).owner->beat(); };
    beat();
}

void Link::beat() {
    const uint64_t stall = orders_.longest_stall ? orders_.longest_stall() : 0;
    send_message(fd_, "alive", {std::to_string(stall)});
    main_->arm(beat_, kBeatMs);
}

void Link::on_events(uint32_t) {
    Message m;
    for (;;) {
        const Got got = receive_message(fd_, m);
        if (got == Got::nothing) return;
        if (m.fd >= 0) ::close(m.fd);
        std::function<void()> order = got == Got::end      ? orders_.orphaned
                                      : m.verb == "stop"   ? orders_.stop
                                      : m.verb == "reload" ? orders_.reload
                                      : m.verb == "retire" ? orders_.retire
                                                           : nullptr;
        if (got == Got::end) {
            main_->remove(fd_);
            Wheel::disarm(beat_);
        }
        if (order) order();
        if (got == Got::end) return;
    }
}

bool ask_replacement(std::string_view reason) {
    Link* link = Link::here();
    if (link) link->ask_replacement(reason);
    return link != nullptr;
}

std::string instance_name(const std::string& configured) {
    if (const Link* link = Link::here())
        return link->folder().substr(link->folder().rfind('/') + 1);
    return configured.empty() ? std::to_string(::getpid()) : configured;
}

}  // namespace microhost::supervise
