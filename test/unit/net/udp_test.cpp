// SPDX-License-Identifier: Apache-2.0
#include "net/udp.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <string>
#include <vector>

#include "module/host_side.hpp"
#include "net/abi_udp.hpp"
#include "net/links.hpp"
#include "observe/log.hpp"

using namespace microhost;
using namespace microhost::net;

namespace {

struct Got {
    std::string from, bytes;
    uint32_t interface;
};

struct End final : UdpSocket::Sink {
    explicit End(Loop& l) : loop(l) {}
    ~End() { close(); }
    int open(std::string_view at, UdpOptions o = {}) {
        o.at = Address::parse(at).value();
        return UdpSocket::open(loop, o, *this, socket);
    }
    void close() {
        if (socket) std::exchange(socket, nullptr)->close();
    }
    void on_datagram(const Address& from, uint32_t interface, std::string_view bytes) override {
        got.push_back({from.text(), std::string(bytes), interface});
        if (close_at_once) close();
    }
    void on_broken(int) override { socket = nullptr; }
    Address at() const { return socket->local(); }

    Loop& loop;
    UdpSocket* socket = nullptr;
    std::vector<Got> got;
    bool close_at_once = false;
};

struct Bench {
    Bench() { loop.adopt_thread(); }
    template <class F>
    bool until(F done) {
        const time_t end = time(nullptr) + 10;
        while (!done() && time(nullptr) < end) loop.turn(20);
        return done();
    }
    Loop loop{0};
};

uint32_t loopback() {
    for (const LinkAddress& l : link_addresses())
        if (l.address.is_loopback()) return l.index;
    return 0;
}

bool have_ipv6() {
    const auto all = link_addresses();
    return std::any_of(all.begin(), all.end(),
                       [](const LinkAddress& l) { return l.address.family() == AF_INET6; });
}

}  // namespace

TEST_SUITE("host/net") {
    TEST_CASE("a datagram arrives with its sender and its interface, and can be answered") {
        Bench b;
        End a(b.loop), c(b.loop);
        REQUIRE(a.open("127.0.0.1:0") == 0);
        REQUIRE(c.open("127.0.0.1:0") == 0);
        REQUIRE(a.socket->send(c.at(), 0, "ping") == 0);
        REQUIRE(b.until([&] { return !c.got.empty(); }));
        CHECK(c.got[0].bytes == "ping");
        CHECK(c.got[0].from == a.at().text());
        CHECK(c.got[0].interface == loopback());
        REQUIRE(c.socket->send(Address::parse(c.got[0].from).value(), 0,
                               std::string(60'000, 'x')) == 0);
        REQUIRE(b.until([&] { return !a.got.empty(); }));
        CHECK(a.got[0].bytes == std::string(60'000, 'x'));
    }

    TEST_CASE(
        "a multicast goes to those who joined the group on that interface, until they leave") {
        Bench b;
        UdpOptions o;
        o.shared = o.loopback = true;
        End one(b.loop), two(b.loop), stranger(b.loop), speaker(b.loop);
        REQUIRE(one.open("0.0.0.0:0", o) == 0);
        const std::string port = std::to_string(one.at().port());
        REQUIRE(two.open("0.0.0.0:" + port, o) == 0);
        REQUIRE(stranger.open("0.0.0.0:" + port, o) == 0);
        REQUIRE(speaker.open("0.0.0.0:0", o) == 0);
        const Address group = Address::parse("224.0.0.251:" + port).value();
        for (End* e : {&one, &two}) {
            CHECK(e->socket->group(group, loopback(), true) == 0);
            CHECK(e->socket->group(group, loopback(), true) == 0);
        }
        REQUIRE(speaker.socket->send(group, loopback(), "all") == 0);
        REQUIRE(b.until([&] { return !one.got.empty() && !two.got.empty(); }));
        CHECK(one.got[0].interface == loopback());
        CHECK(one.got[0].from == "127.0.0.1:" + std::to_string(speaker.at().port()));
        CHECK(one.socket->group(group, loopback(), false) == 0);
        CHECK(one.socket->group(group, loopback(), false) == 0);
        REQUIRE(speaker.socket->send(group, loopback(), "again") == 0);
        REQUIRE(b.until([&] { return two.got.size() == 2; }));
        CHECK(one.got.size() == 1);
        CHECK(stranger.got.empty());
    }

    TEST_CASE("an IPv6 socket takes IPv4 as well only when it is for both families") {
        if (!have_ipv6()) return;
        Bench b;
        UdpOptions both;
        both.both_families = true;
        End six(b.loop), all(b.loop), four(b.loop);
        REQUIRE(six.open("[::1]:0") == 0);
        REQUIRE(all.open("[::]:0", both) == 0);
        REQUIRE(four.open("127.0.0.1:0") == 0);
        const std::string port = std::to_string(all.at().port());
        REQUIRE(six.socket->send(Address::parse("[::1]:" + port).value(), 0, "6") == 0);
        REQUIRE(four.socket->send(Address::parse("127.0.0.1:" + port).value(), 0, "4") == 0);
        REQUIRE(b.until([&] { return all.got.size() == 2; }));
        std::sort(all.got.begin(), all.got.end(),
                  [](auto& x, auto& y) { return x.bytes < y.bytes; });
        CHECK(all.got[0].from == four.at().text());
        CHECK(all.got[0].interface == loopback());
        CHECK(all.got[1].from == six.at().text());
        REQUIRE(all.socket->send(four.at(), 0, "back") == 0);
        REQUIRE(b.until([&] { return !four.got.empty(); }));
        CHECK(six.socket->send(four.at(), 0, "x") != 0);
        CHECK(four.socket->send(six.at(), 0, "x") == EAFNOSUPPORT);
    }

    TEST_CASE("what cannot be is an error that says which") {
        Bench b;
        End a(b.loop), c(b.loop);
        REQUIRE(a.open("127.0.0.1:0") == 0);
        CHECK(c.open(a.at().text()) == EADDRINUSE);
        CHECK(c.open("192.0.2.250:0") == EADDRNOTAVAIL);
        CHECK(a.socket->send(a.at(), 0, std::string(70'000, 'x')) == EMSGSIZE);
        CHECK(a.socket->group(Address::parse("192.0.2.1:0").value(), 0, true) == EINVAL);
        CHECK(a.socket->group(Address::parse("224.0.0.251:0").value(), 999'999, true) == ENODEV);
        CHECK(a.socket->group(Address::parse("224.0.0.251:0").value(), 0, true) == 0);
    }

    TEST_CASE("a peer that is not there does not end the socket") {
        Bench b;
        End a(b.loop), c(b.loop);
        REQUIRE(a.open("127.0.0.1:0") == 0);
        REQUIRE(c.open("127.0.0.1:0") == 0);
        const Address gone = c.at();
        c.close();
        for (int i = 0; i < 10; i++) CHECK(a.socket->send(gone, 0, "x") == 0);
        REQUIRE(a.socket->send(a.at(), 0, "self") == 0);
        REQUIRE(b.until([&] { return !a.got.empty(); }));
        CHECK(a.got[0].bytes == "self");
    }

    TEST_CASE("a socket may be closed by what it brings") {
        Bench b;
        End a(b.loop), c(b.loop);
        REQUIRE(a.open("127.0.0.1:0") == 0);
        REQUIRE(c.open("127.0.0.1:0") == 0);
        c.close_at_once = true;
        for (int i = 0; i < 3; i++) REQUIRE(a.socket->send(c.at(), 0, "x") == 0);
        REQUIRE(b.until([&] { return !c.socket; }));
        b.loop.turn(10);
        CHECK(c.got.size() == 1);
    }

    TEST_CASE("who is on a network of this machine, and who is not") {
        const LinkAddress eth{2, "eth", Address::parse("192.0.2.2:0").value(), 24, true};
        CHECK(eth.reaches(Address::parse("192.0.2.200:99").value()));
        CHECK_FALSE(eth.reaches(Address::parse("192.0.3.2:0").value()));
        CHECK_FALSE(eth.reaches(Address::parse("[::1]:0").value()));
        CHECK(eth.reaches(Address::parse("[::ffff:192.0.2.9]:0").value()));
        const LinkAddress odd{2, "eth", Address::parse("10.1.0.0:0").value(), 12, true};
        CHECK(odd.reaches(Address::parse("10.15.255.255:0").value()));
        CHECK_FALSE(odd.reaches(Address::parse("10.16.0.0:0").value()));
        const LinkAddress v6{2, "eth", Address::parse("[fd00::2]:0").value(), 64, true};
        CHECK(v6.reaches(Address::parse("[fd00::1:2:3:4]:0").value()));
        CHECK_FALSE(v6.reaches(Address::parse("[fd00:0:0:1::1]:0").value()));
        CHECK(loopback() != 0);
    }

    TEST_CASE(
        "modules ask which addresses there are and who is on a link, and nonsense is an error") {
        Bench b;
        log::Options options;
        options.path = "/dev/null";
        const auto log = log::Log::open(options).value();
        module::HostSide side{*reinterpret_cast<module::Environment*>(8),
                              *reinterpret_cast<module::Generation*>(8), log->domain("m"), "m"};
        mh_host h{};
        h.impl = &side;
        const auto on_link = [&](std::string_view from, uint32_t interface) {
            return kUdpTable.on_link(&h, module::lend(from), interface);
        };
        CHECK(on_link("127.0.0.9", 0) == MH_OK);
        CHECK(on_link("127.0.0.9:5353", loopback()) == MH_OK);
        CHECK(on_link("127.0.0.9", 999'999) == MH_E_NOT_FOUND);
        CHECK(on_link("8.8.8.8", loopback()) == MH_E_NOT_FOUND);
        CHECK(on_link("2001:db8::1", loopback()) == MH_E_NOT_FOUND);
        CHECK(on_link("nonsense", 0) == MH_E_INVALID);
        CHECK(on_link("", 0) == MH_E_INVALID);
        std::vector<std::string> ips;
        const auto add = [](void* user, uint32_t index, mh_str name, mh_str ip,
                            uint32_t multicast) {
            CHECK((index != 0 && name.len != 0 && multicast <= 1));
            static_cast<std::vector<std::string>*>(user)->emplace_back(module::view(ip));
        };
        CHECK(kUdpTable.interfaces(&h, add, &ips) == MH_OK);
        CHECK(std::count(ips.begin(), ips.end(), "127.0.0.1") == 1);
        CHECK(kUdpTable.interfaces(&h, nullptr, nullptr) == MH_E_INVALID);

        mh_udp* const stale = reinterpret_cast<mh_udp*>(&side);
        mh_str text{};
        CHECK(kUdpTable.send(stale, module::lend("127.0.0.1:1"), 0, {}) == MH_E_GONE);
        CHECK(kUdpTable.send(nullptr, module::lend("127.0.0.1:1"), 0, {}) == MH_E_INVALID);
        CHECK(kUdpTable.group(stale, module::lend("224.0.0.251"), 0, 1) == MH_E_GONE);
        CHECK(kUdpTable.local(stale, &text) == MH_E_GONE);
        kUdpTable.close(stale);
        mh_udp* out = nullptr;
        mh_udp_options o{};
        mh_udp_events e{};
        o.size = sizeof o;
        o.address = module::lend("127.0.0.1:0");
        CHECK(kUdpTable.open(&h, &o, &e, nullptr, &out) == MH_E_INVALID);  // events without a size
        e.size = sizeof e;
        e.on_datagram = [](void*, mh_udp*, mh_str, uint32_t, mh_seg) {};
        for (const char* address : {"", "host:1", "unix:/x", "127.0.0.1"}) {
            o.address = module::lend(address);
            CHECK(kUdpTable.open(&h, &o, &e, nullptr, &out) == MH_E_INVALID);
        }
        o.address = module::lend("192.0.2.250:0");
        CHECK(kUdpTable.open(&h, &o, &e, nullptr, &out) == MH_E_UNREACHABLE);
        CHECK(out == nullptr);
    }
}
