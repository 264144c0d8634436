// SPDX-License-Identifier: Apache-2.0
#include "net/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cstring>

#include "net/tls.hpp"

namespace microhost::net {

Stream::Stream() = default;
Stream::Stream(int fd) : fd_(fd) {}
Stream::Stream(int fd, std::unique_ptr<TlsSession> tls) : fd_(fd), tls_(std::move(tls)) {}
Stream::Stream(Stream&& o) noexcept : fd_(std::exchange(o.fd_, -1)), tls_(std::move(o.tls_)) {}
Stream& Stream::operator=(Stream&& o) noexcept {
    if (this != &o) {
        close();
        fd_ = std::exchange(o.fd_, -1);
        tls_ = std::move(o.tls_);
    }
    return *this;
}
Stream::~Stream() { close(); }

ssize_t Stream::tls_read(void* p, size_t n) { return tls_->read(p, n); }
ssize_t Stream::tls_write(const iovec* v, int n) { return tls_->write(v, n); }
const TlsPeer* Stream::tls_peer() const { return tls_ ? tls_->peer() : nullptr; }
std::string_view Stream::tls_failure() const { return tls_ ? tls_->failure() : std::string_view(); }
std::string_view Stream::tls_distrust() const {
    return tls_ ? tls_->distrust() : std::string_view();
}

void Stream::shutdown_write() {
    if (tls_) tls_->shutdown();
    ::shutdown(fd_, SHUT_WR);
}

void Stream::close(bool reset) {
    if (fd_ < 0) return;
    if (reset) {
        linger hard{1, 0};
        setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    } else if (tls_) {
        tls_->shutdown();
    }
    tls_.reset();
    ::close(fd_);
    fd_ = -1;
}

int socket_error(int fd) {
    int e = 0;
    socklen_t n = sizeof e;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n);
    return e;
}

}  // namespace microhost::net
