// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "net/listener.hpp"

namespace microhost::net {
namespace {

constexpr int kFirst = 3;  // sd_listen_fds(3): SD_LISTEN_FDS_START
constexpr int kMost = 1024;

std::optional<int> number(const char* name) {
    const char* text = std::getenv(name);
    if (!text) return {};
    int value = 0;
    const char* end = text + std::strlen(text);
    auto [stop, ec] = std::from_chars(text, end, value);
    if (ec != std::errc{} || stop != end) return {};
    return value;
}

int option(int fd, int name) {
    int value = 0;
    socklen_t n = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &n) == 0 ? value : -1;
}

// "0.0.0.0:80" answers for ":80" too: that is how a socket unit without IPv6 is bound.
bool serves(const Address& bound, const Address& wanted) {
    if (bound.text() == wanted.text()) return true;
    auto every_interface = [](const Address& a) {
        char ip[46];
        std::string_view text(ip, a.ip_text(ip, sizeof ip));
        return text == "::" || text == "0.0.0.0";
    };
    return !bound.is_unix() && !wanted.is_unix() && bound.port() == wanted.port() &&
           wanted.family() == AF_INET6 && every_interface(bound) && every_interface(wanted);
}

}  // namespace

std::vector<int> adopted_listeners() {
    std::vector<int> fds;
    auto pid = number("LISTEN_PID"), count = number("LISTEN_FDS");
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    if (!pid || *pid != ::getpid() || !count) return fds;
    for (int fd = kFirst; fd < kFirst + std::clamp(*count, 0, kMost); fd++) {
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        if (option(fd, SO_ACCEPTCONN) != 1 || option(fd, SO_TYPE) != SOCK_STREAM) continue;
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
        fds.push_back(fd);
    }
    return fds;
}

int take_adopted(std::vector<int>& adopted, const Address& at) {
    auto it = std::find_if(adopted.begin(), adopted.end(),
                           [&](int fd) { return serves(local_address(fd), at); });
    if (it == adopted.end()) return -1;
    int fd = *it;
    adopted.erase(it);
    return fd;
}

}  // namespace microhost::net
