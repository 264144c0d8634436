// SPDX-License-Identifier: Apache-2.0
#include "command/link.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>

namespace microhost::command {
namespace {

constexpr size_t kPiece = 16 * 1024;

int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

int new_socket(int family) {
    return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

// A command may say nothing for hours; a machine that has gone is noticed all the same.
void notice_a_dead_peer(int fd) {
    const int on = 1, idle_s = 15, interval_s = 5, probes = 3;
    const unsigned unanswered_ms = 30'000;
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof unanswered_ms);
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

struct Addresses {
    addrinfo* first = nullptr;
    ~Addresses() {
        if (first) ::freeaddrinfo(first);
    }
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

/// What is wrong with a TLS server, for a person. The words are those of OpenSSL, which a session keeps.
std::string tls_advice(std::string_view why) {
    if (has(why, "certificate has expired"))
        return "its certificate has expired; renew the one of its proxy (tls_cert_file)";
    if (has(why, "not yet valid"))
        return "its certificate is not valid yet; look at the clocks of both machines";
    if (has(why, "hostname mismatch") || has(why, "IP address mismatch"))
        return "its certificate is for another name; use a name that is in it, or renew it with "
               "this one";
    if (has(why, "self-signed certificate") || has(why, "self signed certificate") ||
        has(why, "unable to get") || has(why, "unable to verify"))
        return "its certificate is signed by nobody who is known here; give the CA's with "
               "--remote_ca FILE";
    if (has(why, "wrong version number") || has(why, "packet length too long"))
        return "it speaks no TLS; is that its address, or does it want http://?";
    return {};
}

}  // namespace

int64_t until(int64_t wait_ms) { return wait_ms < 0 ? INT64_MAX : now_ms() + wait_ms; }

int64_t left_ms(int64_t until_ms) {
    return until_ms == INT64_MAX ? Link::kForEver : std::max<int64_t>(0, until_ms - now_ms());
}

std::string Target::authority() const {
    if (!socket.empty()) return "localhost";
    const bool v6 = host.find(':') != host.npos;
    return fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

Link::~Link() {
    if (fd_ < 0) return;
    if (tls_) tls_->shutdown();
    ::close(fd_);
}

Result<std::unique_ptr<Link>> Link::open(const Target& target) {
    std::unique_ptr<Link> link(new Link(target));
    if (!target.socket.empty()) {
        if (auto ok = link->connect_unix(); !ok) return ok.error();
        return link;
    }
    if (auto ok = link->connect_tcp(); !ok) return ok.error();
    if (!target.tls) return link;
    auto session = target.tls->open(link->fd_, target.host);
    if (!session) return std::move(session.error()).context(target.shown);
    link->tls_ = std::move(*session);
    if (auto ok = link->shake_hands(); !ok) return ok.error();
    return link;
}

Result<> Link::connect_unix() {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    const std::string& path = target_.socket;
    if (path.size() >= sizeof at.sun_path) return error("{}: the path is too long", path);
    std::memcpy(at.sun_path, path.c_str(), path.size() + 1);
    // A full queue is waited for: without O_NONBLOCK yet.
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{kConnectMs / 1000, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
        return error("{}: {}", path, std::strerror(errno));
    ::fcntl(fd_, F_SETFL, O_NONBLOCK);
    return {};
}

Result<> Link::connect_tcp() {
    Addresses found;
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICSERV;
    const std::string port = std::to_string(target_.port);
    if (const int e = ::getaddrinfo(target_.host.c_str(), port.c_str(), &wanted, &found.first))
        return error("{}: the name {} leads nowhere ({}); is it spelled right?", target_.shown,
                     target_.host, ::gai_strerror(e));
    const int64_t end = until(kConnectMs);
    int why = ETIMEDOUT;
    for (const addrinfo* a = found.first; a; a = a->ai_next) {
        if (fd_ >= 0) ::close(fd_);
        fd_ = new_socket(a->ai_family);
        if (fd_ < 0) {
            why = errno;
            continue;
        }
        int e = ::connect(fd_, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
        if (e == EINPROGRESS) {
            socklen_t size = sizeof e;
            if (!wait(POLLOUT, end) || ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &e, &size) != 0)
                e = ETIMEDOUT;
        }
        if (e == 0) {
            notice_a_dead_peer(fd_);
            return {};
        }
        why = e;
    }
    if (why == ETIMEDOUT)
        return error("{}: no connection within {} s; is the machine up, and nothing in between?",
                     target_.shown, kConnectMs / 1000);
    return error("{}: {}; is the proxy running there, and is that its address?", target_.shown,
                 std::strerror(why));
}

Result<> Link::shake_hands() {
    const int64_t end = until(kConnectMs);
    while (!tls_->peer()) {
        const ssize_t n = tls_->read(nullptr, 0);
        if (n >= 0) continue;
        if (n != -EAGAIN) return error("{}: {}", target_.shown, tls_problem());
        if (!wait(POLLIN, end))
            return error("{}: no TLS handshake within {} s; is that the proxy's address?",
                         target_.shown, kConnectMs / 1000);
    }
    return {};
}

std::string Link::tls_problem() const {
    const std::string_view why = tls_->failure();
    const std::string advice = tls_advice(why);
    return advice.empty() ? fmt::format("TLS failed ({}); is that the proxy's address?", why)
                          : advice;
}

bool Link::wait(short events, int64_t until_ms) const {
    while (true) {
        pollfd p{fd_, events, 0};
        const int n =
            ::poll(&p, 1, static_cast<int>(std::min<int64_t>(left_ms(until_ms), INT_MAX)));
        if (n > 0) return true;
        if (n == 0 || errno != EINTR) return false;
    }
}

Link::Got Link::read(std::string& out, int64_t wait_ms) {
    const int64_t end = until(wait_ms);
    out.resize(kPiece);
    while (true) {
        ssize_t n = tls_ ? tls_->read(out.data(), kPiece) : ::recv(fd_, out.data(), kPiece, 0);
        const int e = n >= 0 ? 0 : tls_ ? static_cast<int>(-n) : errno;
        if (e == EINTR) continue;
        if (e == EAGAIN || e == EWOULDBLOCK) {
            if (wait(POLLIN, end)) continue;
            out.clear();
            return Got::nothing;
        }
        out.resize(n > 0 ? static_cast<size_t>(n) : 0);
        if (n >= 0) return n > 0 ? Got::bytes : Got::end;
        problem_ = tls_ ? std::string(tls_->failure()) : std::strerror(e);
        return Got::broken;
    }
}

bool Link::send(std::string_view bytes, int64_t wait_ms) {
    const int64_t end = until(wait_ms);
    while (!bytes.empty()) {
        const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
        const ssize_t n =
            tls_ ? tls_->write(&piece, 1) : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n > 0) {
            bytes.remove_prefix(static_cast<size_t>(n));
            continue;
        }
        const int e = n == 0 ? EPIPE : tls_ ? static_cast<int>(-n) : errno;
        if (e == EINTR) continue;
        if ((e != EAGAIN && e != EWOULDBLOCK) || !wait(POLLOUT, end)) return false;
    }
    return true;
}

}  // namespace microhost::command
