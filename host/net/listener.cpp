// SPDX-License-Identifier: Apache-2.0
#include "net/listener.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>

namespace microhost::net {
namespace {

const char* socket_path(const Address& at) {
    return reinterpret_cast<const sockaddr_un*>(at.get())->sun_path;
}

// A socket file that nobody answers on is left over from a process that died. Anything else in its place stays: connect
// refuses on a regular file too, and that may be somebody's letter.
Result<> remove_stale(const Address& at) {
    const char* path = socket_path(at);
    struct stat s {};
    if (!path[0] || ::lstat(path, &s) != 0) return {};
    if (!S_ISSOCK(s.st_mode))
        return error("listen on {}: there is something else than a socket; move it away",
                     at.text());
    int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return {};
    bool refused = ::connect(fd, at.get(), at.len) != 0 && errno == ECONNREFUSED;
    ::close(fd);
    if (refused) ::unlink(path);
    return {};
}

Error bind_error(const Address& at, int e) {
    if (e == EADDRINUSE)
        return error(
            "listen on {}: the address is in use; stop the other program or choose another",
            at.text());
    if (e == EACCES && at.port() && at.port() < 1024)
        return error("listen on {}: ports below 1024 need CAP_NET_BIND_SERVICE", at.text());
    return error("listen on {}: {}", at.text(), std::strerror(e));
}

// The sockets that this process listens on with SO_REUSEPORT, to tell its own from another's of the same user.
class Ours {
  public:
    bool hold(const Address& at) {
        std::lock_guard lock(mutex_);
        std::erase_if(sockets_, [](const Socket& s) { return inode(s.fd) != s.inode; });
        return std::any_of(sockets_.begin(), sockets_.end(), [&](const Socket& s) {
            return local_address(s.fd).text() == at.text();
        });
    }
    void add(int fd) {
        std::lock_guard lock(mutex_);
        sockets_.push_back({fd, inode(fd)});
    }

  private:
    struct Socket {
        int fd;
        ino_t inode;  // the number may by now be another socket's
    };
    static ino_t inode(int fd) {
        struct stat s {};
        return ::fstat(fd, &s) == 0 ? s.st_ino : 0;
    }
    std::mutex mutex_;
    std::vector<Socket> sockets_;
};

Ours& ours() {
    static Ours all;
    return all;
}

bool set(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

// A socket of a service manager may belong to another user, and then its port cannot be shared.
bool shared(int fd) {
    int value = 0;
    socklen_t n = sizeof value;
    struct stat s {};
    return getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, &n) == 0 && value == 1 &&
           ::fstat(fd, &s) == 0 && s.st_uid == ::geteuid();
}

bool listen_ip(int fd, const Address& at, const ListenOptions& options) {
    set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);  // for those that come before there is an Acceptor
    if (at.family() == AF_INET6) set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    bool shared = options.reuse_port && at.port() && ours().hold(at);
    if (shared && !set(fd, SOL_SOCKET, SO_REUSEPORT, 1)) return false;
    if (::bind(fd, at.get(), at.len) != 0 || ::listen(fd, options.backlog) != 0) return false;
    // The first of ours listens alone, so that a port that anybody else has is refused, and shares it only then. Not
    // between bind and listen: with SO_REUSEADDR it is listen that finds the other one.
    if (options.reuse_port && !shared && !set(fd, SOL_SOCKET, SO_REUSEPORT, 1)) return false;
    if (options.reuse_port) ours().add(fd);
    return true;
}

// Nobody can connect before listen(), so nobody can connect before the mode is right.
bool listen_unix(int fd, const Address& at, const ListenOptions& options) {
    if (::bind(fd, at.get(), at.len) != 0) return false;
    const char* path = socket_path(at);
    if (path[0] && ::chmod(path, options.unix_mode) != 0) return false;
    return ::listen(fd, options.backlog) == 0;
}

}  // namespace

Result<int> open_listener(const Address& at, const ListenOptions& options) {
    if (at.is_unix())
        if (auto r = remove_stale(at); !r) return r.error();
    int fd = ::socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return bind_error(at, errno);
    if (at.is_unix() ? listen_unix(fd, at, options) : listen_ip(fd, at, options)) return fd;
    Error e = bind_error(at, errno);
    ::close(fd);
    return e;
}

Result<std::vector<int>> open_listeners(const Address& at, const ListenOptions& options,
                                        unsigned count) {
    auto first = open_listener(at, options);
    if (!first) return first.error();
    return spread_listeners({*first}, options, count);
}

Result<std::vector<int>> spread_listeners(std::vector<int> given, const ListenOptions& options,
                                          unsigned count) {
    std::vector<int> fds = std::move(given);
    Address at = local_address(fds[0]);
    bool own = options.reuse_port && !at.is_unix() && (ours().hold(at) || shared(fds[0]));
    if (own)
        for (int fd : fds) ours().add(fd);
    while (fds.size() < count) {
        Result<int> next = own ? open_listener(at, options) : ::fcntl(fds[0], F_DUPFD_CLOEXEC, 3);
        if (next && *next < 0) next = bind_error(at, errno);
        if (!next) {
            for (int fd : fds) ::close(fd);
            return next.error();
        }
        fds.push_back(*next);
    }
    return fds;
}

Address local_address(int fd) {
    Address a;
    a.len = sizeof a.storage;
    ::getsockname(fd, a.get(), &a.len);
    return a;
}

}  // namespace microhost::net
