// SPDX-License-Identifier: Apache-2.0
#include "net/listener.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace microhost::net {
namespace {

// A socket file that nobody answers on is left over from a process that died.
void remove_stale(const Address& at) {
    int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return;
    bool refused = ::connect(fd, at.get(), at.len) != 0 && errno == ECONNREFUSED;
    ::close(fd);
    auto* path = reinterpret_cast<const sockaddr_un*>(at.get())->sun_path;
    if (refused && path[0]) ::unlink(path);
}

Error bind_error(const Address& at, int e) {
    if (e == EADDRINUSE)
        return error("listen on {}: the address is in use; stop the other program or choose another",
                     at.text());
    if (e == EACCES && at.port() && at.port() < 1024)
        return error("listen on {}: ports below 1024 need CAP_NET_BIND_SERVICE", at.text());
    return error("listen on {}: {}", at.text(), std::strerror(e));
}

}  // namespace

Result<int> open_listener(const Address& at, const ListenOptions& options) {
    if (at.is_unix()) remove_stale(at);
    int fd = ::socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return bind_error(at, errno);
    int one = 1, zero = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (!at.is_unix() && options.reuse_port)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (at.family() == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    bool ok = ::bind(fd, at.get(), at.len) == 0 && ::listen(fd, options.backlog) == 0;
    if (ok && at.is_unix()) {
        auto* path = reinterpret_cast<const sockaddr_un*>(at.get())->sun_path;
        if (path[0]) ok = ::chmod(path, options.unix_mode) == 0;
    }
    if (ok) return fd;
    Error e = bind_error(at, errno);
    ::close(fd);
    return e;
}

Address local_address(int fd) {
    Address a;
    a.len = sizeof a.storage;
    ::getsockname(fd, a.get(), &a.len);
    return a;
}

Acceptor::Acceptor(Loop& loop, int fd, OnAccept on_accept, void* user)
    : loop_(loop),
      fd_(fd),
      reserve_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      on_accept_(on_accept),
      user_(user) {
    retry_.owner = this;
    retry_.fire = [](Timer& t) {
        auto* a = static_cast<Retry&>(t).owner;
        if (a->paused_) return;
        a->loop_.modify(a->fd_, a, EPOLLIN);
        a->accept_batch();
    };
    // Level-triggered: what one batch leaves behind is seen again at the next turn.
    loop_.add(fd_, this, EPOLLIN);
}

Acceptor::~Acceptor() {
    close();
    if (reserve_ >= 0) ::close(reserve_);
}

void Acceptor::pause() {
    if (paused_ || fd_ < 0) return;
    paused_ = true;
    loop_.modify(fd_, this, 0);
}

void Acceptor::resume() {
    if (!paused_ || fd_ < 0) return;
    paused_ = false;
    loop_.modify(fd_, this, EPOLLIN);
}

void Acceptor::close() {
    if (fd_ < 0) return;
    loop_.remove(fd_);
    ::close(fd_);
    fd_ = -1;
    Wheel::disarm(retry_);
}

void Acceptor::on_events(uint32_t) { accept_batch(); }

void Acceptor::accept_batch() {
    for (int i = 0; i < 64 && fd_ >= 0; i++) {
        Address peer;
        peer.len = sizeof peer.storage;
        int client = ::accept4(fd_, peer.get(), &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) shed();
            if (errno == EINTR || errno == ECONNABORTED) continue;
            break;
        }
        if (peer.family() != AF_UNIX) {
            int one = 1;
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        }
        on_accept_(user_, client, peer);
    }
}

// Out of descriptors. Level-triggered epoll would spin on the clients that wait, so the listener rests for a moment; one of
// them is turned away with the reserve, for a client that is told "no" tries again elsewhere.
void Acceptor::shed() {
    exhausted_++;
    if (reserve_ >= 0) {
        ::close(reserve_);
        int client = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client >= 0) ::close(client);
        reserve_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    loop_.modify(fd_, this, 0);
    loop_.arm(retry_, 100);
    errno = EMFILE;
}

}  // namespace microhost::net
