// SPDX-License-Identifier: Apache-2.0
#include "net/udp.hpp"

#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "loop/scratch.hpp"
#include "net/links.hpp"
#include "net/listener.hpp"
#include "net/no_connections.hpp"

namespace microhost::net {
namespace {

constexpr size_t kLongest = 65535;
constexpr int kReceiveBuffer = 1 << 20;
constexpr uint32_t kLoopback = 1;  // in each network namespace of Linux
constexpr int kBatch = 64;  // datagrams of a turn: others of the loop want their turn as well

bool set_option(int fd, int level, int option, int value) {
    return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

const in6_addr& v6_of(const Address& a) {
    return reinterpret_cast<const sockaddr_in6&>(a.storage).sin6_addr;
}
const in_addr& v4_of(const Address& a) {
    return reinterpret_cast<const sockaddr_in&>(a.storage).sin_addr;
}

/// As a socket for both families writes an IPv4 address.
Address mapped(const Address& v4) {
    Address a;
    auto& v6 = reinterpret_cast<sockaddr_in6&>(a.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(v4.port());
    v6.sin6_addr.s6_addr[10] = v6.sin6_addr.s6_addr[11] = 0xff;
    std::memcpy(v6.sin6_addr.s6_addr + 12, &v4_of(v4), sizeof(in_addr));
    a.len = sizeof v6;
    return a;
}

bool prepare_v4(int fd, const UdpOptions& o) {
    // Without IP_MULTICAST_ALL off, a socket hears the groups that others of this machine have joined.
    return set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) &&
           set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0) &&
           set_option(fd, IPPROTO_IP, IP_MULTICAST_LOOP, o.loopback) &&
           set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, static_cast<int>(o.hops));
}

bool prepare_v6(int fd, const UdpOptions& o) {
    set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);  // Linux 4.20
    return set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !o.both_families) &&
           set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
           set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, o.loopback) &&
           set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, static_cast<int>(o.hops));
}

bool prepare(int fd, const UdpOptions& o) {
    if (o.shared && !set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)) return false;
    // For programs that share only with this one set. One of another user then still refuses, which bind() says.
    if (o.shared) set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    // One question may bring hundreds of answers at once. The system gives as much of it as it allows.
    set_option(fd, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
    if (o.broadcast && !set_option(fd, SOL_SOCKET, SO_BROADCAST, 1)) return false;
    const bool v6 = o.at.family() == AF_INET6;
    if (v6 && !prepare_v6(fd, o)) return false;
    if ((!v6 || o.both_families) && !prepare_v4(fd, o)) return false;
    // A share of what comes to a port that the real one has would go to the one that is tried.
    return connections_forbidden() || ::bind(fd, o.at.get(), o.at.len) == 0;
}

/// Room for what says by which interface a datagram came, or shall go.
union Control {
    cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(in_pktinfo))];
};

uint32_t interface_of(msghdr& m) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            in_pktinfo info;
            std::memcpy(&info, CMSG_DATA(c), sizeof info);
            return static_cast<uint32_t>(info.ipi_ifindex);
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info;
            std::memcpy(&info, CMSG_DATA(c), sizeof info);
            return info.ipi6_ifindex;
        }
    }
    return 0;
}

template <class Info>
void put_control(msghdr& m, Control& room, int level, int type, const Info& info) {
    m.msg_control = room.bytes;
    m.msg_controllen = CMSG_SPACE(sizeof info);
    cmsghdr* c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
}

bool is_multicast(const Address& a) {
    if (a.family() == AF_INET) return IN_MULTICAST(ntohl(v4_of(a).s_addr));
    return a.family() == AF_INET6 && IN6_IS_ADDR_MULTICAST(&v6_of(a));
}

bool is_link_local(const Address& a) {
    return a.family() == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&v6_of(a));
}

}  // namespace

UdpSocket::UdpSocket(Loop& loop, int fd, int family, Sink& sink)
    : loop_(loop), fd_(fd), family_(family), sink_(&sink) {}

int UdpSocket::open(Loop& loop, const UdpOptions& options, Sink& sink, UdpSocket*& out) {
    const int family = options.at.family();
    if (family != AF_INET && family != AF_INET6) return EAFNOSUPPORT;
    const int fd = ::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return errno;
    auto* s = new UdpSocket(loop, fd, family, sink);
    // Level-triggered: what one batch leaves behind is seen again at the next turn.
    if (prepare(fd, options) && loop.add(fd, s, EPOLLIN)) {
        out = s;
        return 0;
    }
    const int e = errno;
    ::close(fd);
    delete s;
    return e;
}

int UdpSocket::send(const Address& to, uint32_t interface, std::string_view bytes) {
    if (fd_ < 0) return EBADF;
    const bool v4 = to.family() == AF_INET;
    if (to.family() != family_ && !(v4 && family_ == AF_INET6)) return EAFNOSUPPORT;
    if (connections_forbidden()) return 0;  // as if it was lost
    Address target = v4 && family_ == AF_INET6 ? mapped(to) : to;
    iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr m{};
    m.msg_name = target.get();
    m.msg_namelen = target.len;
    m.msg_iov = &piece;
    m.msg_iovlen = 1;
    Control room{};
    if (interface && v4 && is_multicast(to)) {
        in_pktinfo info{};
        info.ipi_ifindex = static_cast<int>(interface);
        // The system takes the address of another interface, and where there is none, none.
        if (interface == kLoopback) info.ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK);
        put_control(m, room, IPPROTO_IP, IP_PKTINFO, info);
    } else if (interface && !v4 && (is_multicast(to) || is_link_local(to))) {
        reinterpret_cast<sockaddr_in6&>(target.storage).sin6_scope_id = interface;
    }
    for (int tries = 0;; tries++) {
        if (::sendmsg(fd_, &m, MSG_NOSIGNAL) >= 0) return 0;
        // Somebody who was sent to before was not there: an error of that one, told to this one.
        if ((errno != ECONNREFUSED && errno != EINTR) || tries == 8) return errno;
    }
}

int UdpSocket::group(const Address& ip, uint32_t interface, bool join) {
    if (fd_ < 0) return EBADF;
    if (!is_multicast(ip)) return EINVAL;
    if (connections_forbidden()) return 0;
    if (interface) return group_on(ip, interface, join);
    int worst = ENODEV, last = 0;
    bool any = false;
    for (const LinkAddress& l : link_addresses()) {
        if (!l.multicast || l.address.family() != ip.family() || last == static_cast<int>(l.index))
            continue;
        last = static_cast<int>(l.index);
        const int e = group_on(ip, l.index, join);
        any = any || e == 0;
        if (e) worst = e;
    }
    return any ? 0 : worst;
}

int UdpSocket::group_on(const Address& ip, uint32_t interface, bool join) {
    int done = 0;
    if (ip.family() == AF_INET) {
        ip_mreqn request{};
        request.imr_multiaddr = v4_of(ip);
        request.imr_ifindex = static_cast<int>(interface);
        done = ::setsockopt(fd_, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP,
                            &request, sizeof request);
    } else {
        ipv6_mreq request{};
        request.ipv6mr_multiaddr = v6_of(ip);
        request.ipv6mr_interface = interface;
        done = ::setsockopt(fd_, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &request,
                            sizeof request);
    }
    if (done == 0 || errno == (join ? EADDRINUSE : EADDRNOTAVAIL)) return 0;
    return errno;
}

Address UdpSocket::local() const { return local_address(fd_); }

void UdpSocket::close() {
    if (fd_ < 0) return;
    loop_.remove(fd_);
    ::close(fd_);
    fd_ = -1;
    sink_ = nullptr;
    loop_.defer([](void* p) { delete static_cast<UdpSocket*>(p); }, this);
}

void UdpSocket::on_events(uint32_t) {
    for (int i = 0; i < kBatch && fd_ >= 0; i++)
        if (!receive()) return;
}

/// False when there is nothing more for now.
bool UdpSocket::receive() {
    struct Datagram;
    char* const bytes = scratch<Datagram, kLongest>();
    Address from;
    iovec piece{bytes, kLongest};
    Control room{};
    msghdr m{};
    m.msg_name = from.get();
    m.msg_namelen = sizeof from.storage;
    m.msg_iov = &piece;
    m.msg_iovlen = 1;
    m.msg_control = room.bytes;
    m.msg_controllen = sizeof room.bytes;
    const ssize_t n = ::recvmsg(fd_, &m, 0);
    if (n >= 0) {
        failures_ = 0;
        from.len = m.msg_namelen;
        sink_->on_datagram(from, interface_of(m), {bytes, static_cast<size_t>(n)});
        return true;
    }
    if (errno == EAGAIN) return false;
    if (errno == EINTR || errno == ECONNREFUSED) return true;  // the latter: see send()
    if (++failures_ < kBatch) return true;
    // Level-triggered epoll would spin on it.
    const int e = errno;
    Sink* sink = sink_;
    close();
    sink->on_broken(e);
    return false;
}

}  // namespace microhost::net
