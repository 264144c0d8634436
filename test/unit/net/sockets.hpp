// SPDX-License-Identifier: Apache-2.0
/// Both ends of a loopback connection, and waiting with a deadline.
#pragma once

#include <doctest/doctest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>

#include "net/listener.hpp"
#include "net/stream.hpp"

namespace microhost::net::test {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kDeadline{10};

struct Fd {
    explicit Fd(int n = -1) : fd(n) {}
    Fd(Fd&& o) noexcept : fd(std::exchange(o.fd, -1)) {}
    Fd& operator=(Fd&& o) noexcept {
        std::swap(fd, o.fd);
        return *this;
    }
    ~Fd() { close(); }
    void close() {
        if (fd >= 0) ::close(std::exchange(fd, -1));
    }
    int fd;
};

struct Folder {
    Folder() {
        char name[] = "/tmp/microhost-net-XXXXXX";
        REQUIRE(::mkdtemp(name));
        path = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }
    std::string file(const char* name) const { return path + "/" + name; }
    std::string path;
};

/// Waits until one of the two has something to read, but not for long: the other side may be the one to move.
inline void wait_either(int a, int b) {
    pollfd p[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
    ::poll(p, 2, 10);
}

/// Repeats `step` until it is true. False when the deadline has passed.
template <class F>
bool eventually(F step) {
    for (auto end = Clock::now() + kDeadline; Clock::now() < end;)
        if (step()) return true;
    return false;
}

inline Fd accept_one(int listener) {
    pollfd p{listener, POLLIN, 0};
    REQUIRE(::poll(&p, 1, 10'000) == 1);
    Fd f(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    REQUIRE(f.fd >= 0);
    return f;
}

/// A connected pair of non-blocking TCP sockets: the client's, the server's.
inline std::pair<Fd, Fd> tcp_pair(int send_buffer = 0) {
    Fd listener(open_listener(Address::parse("127.0.0.1:0").value(), {}).value());
    Address at = local_address(listener.fd);
    Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (send_buffer) {
        for (int fd : {client.fd, listener.fd}) {
            ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
            ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &send_buffer, sizeof send_buffer);
        }
    }
    int r = ::connect(client.fd, at.get(), at.len);
    REQUIRE((r == 0 || errno == EINPROGRESS));
    Fd server = accept_one(listener.fd);
    pollfd p{client.fd, POLLOUT, 0};
    REQUIRE(::poll(&p, 1, 10'000) == 1);
    return {std::move(client), std::move(server)};
}

inline ssize_t write_text(Stream& s, std::string_view text) {
    iovec v{const_cast<char*>(text.data()), text.size()};
    return s.write(&v, 1);
}

/// Appends what can be read now. What the last read returned: 0 at the end, -EAGAIN, or an error.
inline ssize_t drain(Stream& s, std::string& into) {
    char piece[3000];
    for (;;) {
        ssize_t n = s.read(piece, sizeof piece);
        if (n <= 0) return n;
        into.append(piece, static_cast<size_t>(n));
    }
}

}  // namespace microhost::net::test
