// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>

#include "net/listener.hpp"

namespace microhost::net {
namespace {

int open_reserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

Acceptor::Acceptor(Loop& loop, int fd, OnAccept on_accept, void* user)
    : loop_(loop), fd_(fd), reserve_(open_reserve()), on_accept_(on_accept), user_(user) {
    // What it accepts inherits this: one call for all of them. A unix socket refuses it and needs none.
    const int one = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    retry_.owner = this;
    retry_.fire = [](Timer& t) {
        auto* a = static_cast<Retry&>(t).owner;
        if (a->reserve_ < 0) a->reserve_ = open_reserve();
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
    for (int i = 0; i < 64 && fd_ >= 0 && !paused_; i++) {
        Address peer;
        peer.len = sizeof peer.storage;
        int client = ::accept4(fd_, peer.get(), &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) shed();
            if (errno == EINTR || errno == ECONNABORTED) continue;
            break;
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
        reserve_ = open_reserve();
    }
    loop_.modify(fd_, this, 0);
    loop_.arm(retry_, 100);
    errno = EMFILE;
}

}  // namespace microhost::net
