// SPDX-License-Identifier: Apache-2.0
#include "sockets.hpp"

#include <algorithm>

#include "node.hpp"

namespace microhost::registry_mdns {
namespace {

const mh_net_udp& udp() { return mh::use<mh_net_udp>(); }

std::string place(std::string_view ip, int64_t port) {
    const std::string number = std::to_string(port);
    if (ip.find(':') != ip.npos) return "[" + std::string(ip) + "]:" + number;
    return std::string(ip) + ":" + number;
}

}  // namespace

void Sockets::open() {
    families_[0].group = settings_.group;
    families_[0].any = "0.0.0.0";
    families_[1].group = settings_.group6;
    families_[1].any = "::";
    for (Family& f : families_)
        if (!f.group.empty()) open_family(f);
    if (!is_open())
        throw mh::failure("there is no socket for UDP port " + std::to_string(settings_.port) +
                              ": another program holds it for itself, or group and group6 are "
                              "empty; stop that program or let it share the port",
                          "/port", MH_E_EXISTS);
    refresh();
}

mh_udp* Sockets::open_socket(const std::string& address, uint32_t flags, mh_status& status) {
    static const mh_udp_events events = {sizeof(mh_udp_events), 0, on_datagram, on_close};
    mh_udp_options o{};
    o.size = sizeof o;
    o.flags = flags | MH_UDP_LOOPBACK;
    o.address = mh::lend(address);
    o.hops = 255;  // as RFC 6762 section 11 wants it; the groups are of the link anyway
    mh_udp* u = nullptr;
    status = udp().open(mh::the_host, &o, &events, this, &u);
    return status == MH_OK ? u : nullptr;
}

void Sockets::open_family(Family& f) {
    mh_status status = MH_OK;
    f.hears = open_socket(place(f.any, settings_.port), MH_UDP_SHARED, status);
    if (f.hears) f.asks = open_socket(place(f.any, 0), 0, status);
    mh_str local{};
    if (f.asks && udp().local(f.asks, &local) == MH_OK)
        if (const auto p = host_port(mh::view(local))) f.asks_port = p->port;
    if (f.asks) return;
    if (f.hears) udp().close(std::exchange(f.hears, nullptr));
    // A machine without IPv6 is no reason to complain.
    if (&f == &families_[1] && status != MH_E_EXISTS) return;
    reports_.complain(
        "open " + f.any,
        "no socket on " + place(f.any, settings_.port) +
            (status == MH_E_EXISTS
                 ? ": another program holds the port for itself; stop "
                   "it or let it share the port"
                 : ": the system refuses it (status " + std::to_string(status) + ")"));
}

void Sockets::close() {
    for (Family& f : families_) {
        if (f.hears) udp().close(f.hears);
        if (f.asks) udp().close(f.asks);
        f = Family{};
    }
}

bool Sockets::chosen(std::string_view name, std::string_view ip, bool multicast) const {
    if (settings_.interfaces.empty()) return multicast;
    return std::any_of(settings_.interfaces.begin(), settings_.interfaces.end(),
                       [&](const std::string& i) { return i == name || i == ip; });
}

void Sockets::add(uint32_t index, std::string_view name, std::string_view ip, bool multicast) {
    own_.emplace_back(ip);
    if (!chosen(name, ip, multicast)) return;
    auto& seen = seen_[ip.find(':') != ip.npos];
    const Interface i{index, std::string(name), is_loopback(ip_of(ip))};
    if (std::find(seen.begin(), seen.end(), i) == seen.end()) seen.push_back(i);
}

bool Sockets::refresh() {
    own_.clear();
    seen_ = {};
    udp().interfaces(
        mh::the_host,
        [](void* user, uint32_t index, mh_str name, mh_str ip, uint32_t multicast) {
            static_cast<Sockets*>(user)->add(index, mh::view(name), mh::view(ip), multicast != 0);
        },
        this);
    bool come = false;
    for (size_t i = 0; i < families_.size(); ++i) {
        Family& f = families_[i];
        if (!f.hears) continue;
        const std::vector<Interface> before = std::exchange(f.interfaces, {});
        for (const Interface& one : seen_[i]) {
            const mh_status s = udp().group(f.hears, mh::lend(f.group), one.index, 1);
            if (s == MH_OK) {
                f.interfaces.push_back(one);
                come = come || std::find(before.begin(), before.end(), one) == before.end();
            } else {
                reports_.complain("group " + one.name + f.group,
                                  "interface " + one.name + " is not used: the group " + f.group +
                                      " cannot be joined there (status " + std::to_string(s) + ")");
            }
        }
    }
    if (families_[0].interfaces.empty() && families_[1].interfaces.empty())
        reports_.complain("interfaces", "no interface can be used; see the option interfaces");
    return come;
}

bool Sockets::is_here(std::string_view ip) const {
    return is_loopback(ip_of(ip)) || std::find(own_.begin(), own_.end(), ip) != own_.end();
}

// Those who hear on loopback are on this machine, and hear on the other interfaces as well: but one of these may be missing.
void Sockets::send(mh_udp* Family::*socket, std::string_view packet, Reach reach) {
    if (packet.empty()) return;
    bool sent = false;
    mh_status why = MH_E_UNREACHABLE;
    for (Family& f : families_) {
        if (!(f.*socket)) continue;
        const std::string to = place(f.group, settings_.port);
        const std::vector<Interface> through = f.interfaces;  // a failure may close the socket
        for (const Interface& i : through) {
            if (reach == Reach::machine && !i.loopback) continue;
            if (!(f.*socket)) break;
            const mh_status s = udp().send(f.*socket, mh::lend(to), i.index, mh::bytes(packet));
            sent = sent || s == MH_OK;
            if (s != MH_OK) why = s;
        }
    }
    if (reach == Reach::machine || sent == !troubled_) return;
    troubled_ = !sent;
    reports_.trouble(sent ? std::string()
                          : "nothing can be sent on any interface (status " + std::to_string(why) +
                                "): is the network up?");
}

void Sockets::tell(std::string_view packet, Reach reach) { send(&Family::hears, packet, reach); }
void Sockets::ask(std::string_view packet) { send(&Family::asks, packet, Reach::link); }

void Sockets::reply(const Source& to, std::string_view packet) {
    Family& f = family_of(to.address.substr(0, to.address.rfind(':')));
    if (f.hears && !packet.empty())
        udp().send(f.hears, mh::lend(to.address), to.interface, mh::bytes(packet));
}

void Sockets::on_datagram(void* user, mh_udp* u, mh_str from, uint32_t interface, mh_seg bytes) {
    auto& self = *static_cast<Sockets*>(user);
    mh::guarded("on_datagram", [&] {
        const std::string_view address = mh::view(from);
        const auto place = host_port(address);
        if (!place) return MH_OK;
        const Source source{address, interface, place->port, self.is_here(place->host)};
        const Family& f = self.family_of(place->host);
        if (u == f.hears && source.here && source.port == f.asks_port) return MH_OK;  // ourselves
        // RFC 6762 section 11: who is not on the link has no say.
        if (!source.here && udp().on_link(mh::the_host, mh::lend(place->host), 0) != MH_OK) {
            self.reports_.complain("link " + std::string(place->host),
                                   "packets from " + std::string(place->host) +
                                       " are left out: that is not on a network of this machine");
            return MH_OK;
        }
        self.reports_.packet(source, mh::view(bytes));
        return MH_OK;
    });
}

void Sockets::on_close(void* user, mh_udp* u, mh_status, mh_str text) {
    auto& self = *static_cast<Sockets*>(user);
    mh::guarded("on_close", [&] {
        for (Family& f : self.families_) {
            if (f.hears == u) f.hears = nullptr;
            if (f.asks == u) f.asks = nullptr;
        }
        self.troubled_ = true;
        self.reports_.trouble("a socket is broken: " + std::string(mh::view(text)) +
                              "; reload the module");
        return MH_OK;
    });
}

}  // namespace microhost::registry_mdns
