// SPDX-License-Identifier: Apache-2.0
/// The byte stream under HTTP: a non-blocking socket, with or without TLS. Owned by one connection on one loop.
///
/// Its system calls go round the library's functions: those are points where a thread can be cancelled, and in a process with
/// threads each call then takes two locked instructions to say so.
#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/address.hpp"

namespace microhost::net {

class TlsSession;        // tls.hpp
class TlsClientContext;  // tls.hpp

/// What is known of the other end of a TLS stream.
struct TlsPeer {
    std::string sni;
    std::string subject;  // of the verified client certificate, else empty
};

class Stream {
  public:
    Stream();
    explicit Stream(int fd);
    Stream(int fd, std::unique_ptr<TlsSession> tls);
    Stream(Stream&& o) noexcept;
    Stream& operator=(Stream&& o) noexcept;
    ~Stream();

    int fd() const { return fd_; }
    bool open() const { return fd_ >= 0; }
    /// Gives the descriptor away. Not for a TLS stream: its session would go on using it.
    int release() { return std::exchange(fd_, -1); }
    bool tls() const { return tls_ != nullptr; }

    /// Bytes read, 0 at the end of the stream, -EAGAIN, or another -errno. TLS shakes hands on the way; an end without
    /// close_notify is -ECONNRESET.
    ssize_t read(void* p, size_t n) {
        if (tls_) [[unlikely]]
            return tls_read(p, n);
        ssize_t got = ::syscall(SYS_recvfrom, fd_, p, n, 0, nullptr, nullptr);
        return got >= 0 ? got : -errno;
    }
    /// Bytes taken (all, or as many as fit), -EAGAIN when none fit, or another -errno.
    ssize_t write(const iovec* v, int n) {
        if (tls_) [[unlikely]]
            return tls_write(v, n);
        ssize_t sent;
        if (n == 1) {
            sent = ::syscall(SYS_sendto, fd_, v->iov_base, v->iov_len, MSG_NOSIGNAL, nullptr, 0);
        } else {
            msghdr m{};
            m.msg_iov = const_cast<iovec*>(v);
            m.msg_iovlen = static_cast<size_t>(n);
            sent = ::syscall(SYS_sendmsg, fd_, &m, MSG_NOSIGNAL);
        }
        if (sent >= 0) return sent;
        return errno == ENOTCONN ? -EAGAIN : -errno;  // still connecting
    }
    /// After a read of fewer bytes than asked for: is the next one sure to find nothing?
    bool short_read_drains() const { return !tls_; }
    /// Sends the end of our direction; the other one stays open.
    void shutdown_write();
    /// Closes; with `reset` the peer sees that it was broken off.
    void close(bool reset = false);
    /// Null for plain streams and before the handshake.
    const TlsPeer* tls_peer() const;
    /// Why TLS broke, for the log; else empty.
    std::string_view tls_failure() const;
    /// What is wrong with the other end's certificate; see TlsSession.
    std::string_view tls_distrust() const;

  private:
    ssize_t tls_read(void* p, size_t n);
    ssize_t tls_write(const iovec* v, int n);

    int fd_ = -1;
    std::unique_ptr<TlsSession> tls_;
};

/// Begins to connect; the end is told by epoll. `tls` may be null; `name` is for SNI and verification: a host name or an
/// IP address; when it is empty, the certificate must be for the IP address of `to`.
Result<Stream> connect(const Address& to, const TlsClientContext* tls, std::string_view name);

/// What was wrong with a socket, after an error event.
int socket_error(int fd);

}  // namespace microhost::net
