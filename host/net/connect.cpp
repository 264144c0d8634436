// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <atomic>
#include <cstring>

#include "net/no_connections.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"

namespace microhost::net {
namespace {

std::atomic<bool> forbidden{false};

}  // namespace

void forbid_connections() { forbidden = true; }
bool connections_forbidden() { return forbidden.load(std::memory_order_relaxed); }

Result<Stream> connect(const Address& to, const TlsClientContext* tls, std::string_view name) {
    if (forbidden.load(std::memory_order_relaxed))
        return error("connect {}: a module that is tried connects to nobody", to.text());
    Stream s(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!s.open()) return error("connect {}: {}", to.text(), std::strerror(errno));
    int one = 1;
    if (!to.is_unix()) setsockopt(s.fd(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    // EAGAIN is a full backlog (unix) or no local port left (TCP): nothing has begun that epoll could tell the end of.
    if (::connect(s.fd(), to.get(), to.len) != 0 && errno != EINPROGRESS)
        return error("connect {}: {}", to.text(), std::strerror(errno));
    if (!tls) return s;
    char ip[INET6_ADDRSTRLEN];
    if ((name.empty() || name == to.text()) && !to.is_unix())
        name = {ip, to.ip_text(ip, sizeof ip)};
    auto session = tls->open(s.fd(), name);
    if (!session) return session.error().context("connect " + to.text());
    return Stream(s.release(), std::move(*session));
}

}  // namespace microhost::net
