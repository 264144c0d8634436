// SPDX-License-Identifier: Apache-2.0
/// Listening sockets, and accepting from them without ever spinning or losing one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "loop/loop.hpp"
#include "net/address.hpp"
#include "result.hpp"

namespace microhost::net {

struct ListenOptions {
    bool reuse_port = true;  // one socket a loop; the kernel spreads connections over them
    int backlog = 4096;
    unsigned unix_mode = 0660;
};

/// Binds and listens. A taken port is one line that names the address, also when another process of this user shares it.
/// Further sockets of this process for the same address and port share it. A unix socket nobody listens on is replaced.
Result<int> open_listener(const Address& at, const ListenOptions& options);
/// One for each of `count` loops. Port 0 is one port for all; a unix socket is one queue for all.
Result<std::vector<int>> open_listeners(const Address& at, const ListenOptions& options,
                                        unsigned count);
/// The same for sockets that listen already, all of one address; what cannot be bound once more is shared. If they are more
/// than `count`, so is what comes back: connections may wait in each. Closes them on failure.
Result<std::vector<int>> spread_listeners(std::vector<int> given, const ListenOptions& options,
                                          unsigned count);

/// A listening socket that somebody handed over, and what that one calls it.
struct Adopted {
    int fd;
    std::string name;
};
/// Those of the service manager or the supervisor (sd_listen_fds_with_names(3): LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES). They
/// are the caller's from now on; the variables are removed. Thread: the only one, at start.
std::vector<Adopted> adopted_listeners();
/// Takes those out of `adopted` that are bound to `at`; where `at` leaves the port open, those of that name.
std::vector<int> take_adopted(std::vector<Adopted>& adopted, const Address& at,
                              std::string_view name);

/// What a socket is bound to: the real port where 0 was asked for.
Address local_address(int fd);

/// Accepts on one loop, in batches. When descriptors run out it pauses, closes the waiting clients politely and goes on.
class Acceptor final : public Pollable {
  public:
    /// Takes the descriptor of an accepted connection.
    using OnAccept = void (*)(void* user, int fd, const Address& peer);

    Acceptor(Loop& loop, int fd, OnAccept on_accept, void* user);
    ~Acceptor();
    Acceptor(const Acceptor&) = delete;

    int fd() const { return fd_; }
    void pause();
    void resume();
    /// Stops accepting for good.
    void close();
    void on_events(uint32_t events) override;
    /// How often descriptors had run out.
    uint64_t exhausted() const { return exhausted_; }

  private:
    void accept_batch();
    void shed();

    Loop& loop_;
    int fd_;
    int reserve_;  // given up for a moment to take a client off the queue when no descriptor is left
    OnAccept on_accept_;
    void* user_;
    bool paused_ = false;
    uint64_t exhausted_ = 0;
    struct Retry : Timer {
        Acceptor* owner;
    } retry_;
};

}  // namespace microhost::net
