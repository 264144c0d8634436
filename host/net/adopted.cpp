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

constexpr int kFirst = 3;                // sd_listen_fds(3): SD_LISTEN_FDS_START
constexpr int kMostAdopted = 16 * 1024;  // listeners times loops

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

// Port 0 asks for any; a socket of that name has one already.
bool open_port(const Address& a) { return !a.is_unix() && a.port() == 0; }

bool same_ip(const Address& a, const Address& b) {
    char x[46], y[46];
    return a.family() == b.family() && std::string_view(x, a.ip_text(x, sizeof x)) ==
                                           std::string_view(y, b.ip_text(y, sizeof y));
}

}  // namespace

std::vector<Adopted> adopted_listeners() {
    std::vector<Adopted> out;
    auto pid = number("LISTEN_PID"), count = number("LISTEN_FDS");
    const char* listed = std::getenv("LISTEN_FDNAMES");
    const std::string text = listed ? listed : "";
    std::string_view names = text;
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    if (!pid || *pid != ::getpid() || !count) return out;
    for (int fd = kFirst; fd < kFirst + std::clamp(*count, 0, kMostAdopted); fd++) {
        const size_t end = std::min(names.find(':'), names.size());
        const std::string_view name = names.substr(0, end);
        names.remove_prefix(std::min(names.size(), end + 1));
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        if (option(fd, SO_ACCEPTCONN) != 1 || option(fd, SO_TYPE) != SOCK_STREAM) continue;
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
        out.push_back({fd, std::string(name)});
    }
    return out;
}

std::vector<int> take_adopted(std::vector<Adopted>& adopted, const Address& at,
                              std::string_view name) {
    std::vector<int> fds;
    std::erase_if(adopted, [&](const Adopted& a) {
        const Address bound = local_address(a.fd);
        const bool ours =
            serves(bound, at) || (open_port(at) && a.name == name && same_ip(bound, at));
        if (ours) fds.push_back(a.fd);
        return ours;
    });
    return fds;
}

}  // namespace microhost::net
