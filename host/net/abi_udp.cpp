// SPDX-License-Identifier: Apache-2.0
#include "net/abi_udp.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "module/generation.hpp"
#include "module/host_side.hpp"
#include "net/links.hpp"
#include "net/udp.hpp"

struct mh_udp {};

namespace microhost::net {
namespace {

using module::broken;
using module::HostSide;
using module::lend;
using module::view;

constexpr size_t kMostSockets = 1024;
constexpr uint32_t kMostHops = 255;

mh_status status_of(int e) {
    switch (e) {
        case 0: return MH_OK;
        case EADDRINUSE: return MH_E_EXISTS;
        case EACCES:
        case EPERM: return MH_E_DENIED;
        case EAGAIN:
        case ENOBUFS: return MH_E_BUSY;
        case EMSGSIZE:
        case EMFILE:
        case ENFILE: return MH_E_LIMIT;
        case ENOMEM: return MH_E_NOMEM;
        case ENETUNREACH:
        case EHOSTUNREACH:
        case ENETDOWN:
        case EADDRNOTAVAIL: return MH_E_UNREACHABLE;
        case EINVAL:
        case EAFNOSUPPORT: return MH_E_INVALID;
        default: return MH_E_IO;
    }
}

class ModuleSocket;
/// Those of this thread: what a module hands in is looked up here before it is used.
thread_local std::vector<ModuleSocket*> sockets_here;

class ModuleSocket final : public mh_udp, private UdpSocket::Sink {
  public:
    static mh_status open(Loop& loop, HostSide& side, const UdpOptions& options,
                          const mh_udp_events& events, void* user, mh_udp** out) {
        auto* m = new ModuleSocket(side, events, user);
        if (const int e = UdpSocket::open(loop, options, *m, m->socket_)) {
            delete m;
            return status_of(e);
        }
        sockets_here.push_back(m);
        side.generation.at_end(loop.index(), end);
        *out = m;
        return MH_OK;
    }
    /// Null when it is closed, or another thread's.
    static ModuleSocket* find(const mh_udp* u) {
        const auto it = std::find_if(sockets_here.begin(), sockets_here.end(),
                                     [&](const ModuleSocket* m) { return m == u; });
        return it == sockets_here.end() ? nullptr : *it;
    }
    UdpSocket& socket() { return *socket_; }
    void close() {
        socket_->close();
        forget();
    }
    /// Lent until the module returns to the host, so the text stays here.
    mh_str local_text() {
        local_ = socket_->local().text();
        return lend(local_);
    }

  private:
    ModuleSocket(HostSide& side, const mh_udp_events& events, void* user)
        : side_(side), user_(user) {
        std::memcpy(&events_, &events, std::min<size_t>(events.size, sizeof events_));
    }
    static void end(HostSide& side) {
        const auto all = sockets_here;
        for (ModuleSocket* m : all)
            if (&m->side_ == &side) m->close();
    }
    void on_datagram(const Address& from, uint32_t interface, std::string_view bytes) override {
        if (!events_.on_datagram) return;
        const std::string text = from.text();
        module::guarded(side_, "udp.on_datagram", [&] {
            events_.on_datagram(user_, this, lend(text), interface, seg_of(bytes));
        });
    }
    void on_broken(int e) override {
        const std::string why = std::strerror(e);
        if (events_.on_close)
            module::guarded(side_, "udp.on_close",
                            [&] { events_.on_close(user_, this, MH_E_IO, lend(why)); });
        if (find(this)) forget();
    }
    static mh_seg seg_of(std::string_view s) {
        return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
    }
    /// The socket under it may be in the middle of a call to us: both stay until the end of the turn.
    void forget() {
        std::erase(sockets_here, this);
        Loop::current()->free_later(this);
    }

    HostSide& side_;
    mh_udp_events events_{};
    void* user_;
    UdpSocket* socket_ = nullptr;
    std::string local_;
};

bool port_open(std::string_view address) { return address.starts_with(':'); }

mh_status open(const mh_host* h, const mh_udp_options* o, const mh_udp_events* e, void* user,
               mh_udp** out) {
    HostSide* side = HostSide::find(h);
    if (!side || !out || !o || o->size < offsetof(mh_udp_options, hops) + sizeof o->hops ||
        broken(o->address) || !MH_FIELD_OK(e, on_datagram))
        return MH_E_INVALID;
    Loop* loop = Loop::current();
    if (!loop) return MH_E_WRONG_THREAD;
    if (sockets_here.size() >= kMostSockets) return MH_E_LIMIT;
    return module::guard_status([&]() -> mh_status {
        auto at = Address::parse(view(o->address));
        if (!at || at->is_unix()) return MH_E_INVALID;
        UdpOptions options;
        options.at = *at;
        options.both_families = at->family() == AF_INET6 && port_open(view(o->address));
        options.shared = o->flags & MH_UDP_SHARED;
        options.loopback = o->flags & MH_UDP_LOOPBACK;
        options.broadcast = o->flags & MH_UDP_BROADCAST;
        options.hops = std::clamp<uint32_t>(o->hops, 1, kMostHops);
        return ModuleSocket::open(*loop, *side, options, *e, user, out);
    });
}

/// Runs `use` with the socket and the address that `text` names.
template <class Use>
mh_status with(mh_udp* u, mh_str text, bool alone, Use&& use) {
    if (!u || broken(text)) return MH_E_INVALID;
    if (!Loop::current()) return MH_E_WRONG_THREAD;
    ModuleSocket* m = ModuleSocket::find(u);
    if (!m) return MH_E_GONE;
    return module::guard_status([&]() -> mh_status {
        std::string address(view(text));
        if (alone)
            address = address.find(':') == address.npos ? address + ":0" : "[" + address + "]:0";
        const auto parsed = Address::parse(address);
        if (!parsed || parsed->is_unix()) return MH_E_INVALID;
        return use(m->socket(), *parsed);
    });
}

mh_status send(mh_udp* u, mh_str to, uint32_t interface, mh_seg bytes) {
    if (broken(bytes)) return MH_E_INVALID;
    return with(u, to, false, [&](UdpSocket& s, const Address& a) {
        return status_of(s.send(a, interface, view(bytes)));
    });
}

mh_status group(mh_udp* u, mh_str ip, uint32_t interface, uint32_t join) {
    return with(u, ip, true, [&](UdpSocket& s, const Address& a) -> mh_status {
        const int e = s.group(a, interface, join != 0);
        if (e == ENODEV) return MH_E_NOT_FOUND;
        return e == ENOBUFS || e == ENOMEM ? MH_E_LIMIT : status_of(e);
    });
}

mh_status interfaces(const mh_host* h, void (*fn)(void*, uint32_t, mh_str, mh_str, uint32_t),
                     void* user) {
    HostSide* side = HostSide::find(h);
    if (!side || !fn) return MH_E_INVALID;
    return module::guard_status([&] {
        for (const LinkAddress& l : link_addresses()) {
            char ip[INET6_ADDRSTRLEN];
            const std::string_view text(ip, l.address.ip_text(ip, sizeof ip));
            module::guarded(*side, "udp.interfaces",
                            [&] { fn(user, l.index, lend(l.name), lend(text), l.multicast); });
        }
        return MH_OK;
    });
}

mh_status local(mh_udp* u, mh_str* out) {
    if (!u || !out) return MH_E_INVALID;
    if (!Loop::current()) return MH_E_WRONG_THREAD;
    ModuleSocket* m = ModuleSocket::find(u);
    if (!m) return MH_E_GONE;
    return module::guard_status([&] {
        *out = m->local_text();
        return MH_OK;
    });
}

void close(mh_udp* u) {
    if (ModuleSocket* m = ModuleSocket::find(u)) m->close();
}

/// The machine's addresses as this thread saw them last: a flood of datagrams must not become one of questions to the system.
const std::vector<LinkAddress>& recent_links() {
    constexpr uint64_t kFresh = 1'000'000'000;
    static thread_local std::vector<LinkAddress> links;
    static thread_local uint64_t seen_ns = 0;
    const uint64_t now = Loop::clock_ns();
    if (!seen_ns || now - seen_ns > kFresh) {
        links = link_addresses();
        seen_ns = now;
    }
    return links;
}

mh_status on_link(const mh_host* h, mh_str from, uint32_t interface) {
    if (!HostSide::find(h) || broken(from) || !from.len) return MH_E_INVALID;
    return module::guard_status([&]() -> mh_status {
        const std::string text(view(from));
        auto a = Address::parse(text);
        if (!a) a = Address::parse(text.find(':') == text.npos ? text + ":0" : "[" + text + "]:0");
        if (!a || a->is_unix()) return MH_E_INVALID;
        for (const LinkAddress& l : recent_links())
            if ((!interface || l.index == interface) && l.reaches(*a)) return MH_OK;
        return MH_E_NOT_FOUND;
    });
}

}  // namespace

const mh_net_udp kUdpTable = {
    sizeof(mh_net_udp), 0, open, send, group, interfaces, local, close, on_link,
};

}  // namespace microhost::net
