// SPDX-License-Identifier: Apache-2.0
/// A socket for datagrams on one loop, multicast included.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "loop/loop.hpp"
#include "net/address.hpp"

namespace microhost::net {

struct UdpOptions {
    Address at;
    bool both_families = false;  // an IPv6 socket that takes IPv4 as well
    bool shared = false;         // other processes may use the port
    bool loopback = false;       // our own multicasts come back
    bool broadcast = false;
    unsigned hops = 1;  // of multicasts
};

class UdpSocket final : public Pollable {
  public:
    /// Who gets what comes. Both may close the socket, which lives until the end of the turn.
    class Sink {
      public:
        /// `bytes` are lent until it returns; interface 0: not known.
        virtual void on_datagram(const Address& from, uint32_t interface,
                                 std::string_view bytes) = 0;
        /// The socket does not work any more and is closed. `e`: errno.
        virtual void on_broken(int e) = 0;

      protected:
        ~Sink() = default;
    };

    /// 0, or errno. Thread: that of the loop, here and below.
    static int open(Loop& loop, const UdpOptions& options, Sink& sink, UdpSocket*& out);
    UdpSocket(const UdpSocket&) = delete;

    /// 0, or errno. A multicast, and what goes to a link-local address, leaves by that interface; 0: the system's choice.
    int send(const Address& to, uint32_t interface, std::string_view bytes);
    /// 0, or errno. To be in a group already, or not to be in it, is no error. Interface 0: all that can, one suffices.
    int group(const Address& ip, uint32_t interface, bool join);
    Address local() const;
    /// No call to the sink follows; frees itself when the turn is over.
    void close();

    void on_events(uint32_t events) override;

  private:
    UdpSocket(Loop& loop, int fd, int family, Sink& sink);
    ~UdpSocket() = default;
    bool receive();
    int group_on(const Address& ip, uint32_t interface, bool join);

    Loop& loop_;
    int fd_;
    int family_;
    Sink* sink_;
    int failures_ = 0;  // in a row
};

}  // namespace microhost::net
