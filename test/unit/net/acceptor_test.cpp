// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <optional>

#include "net/listener.hpp"
#include "sockets.hpp"

using namespace microhost;
using namespace microhost::net;
using namespace microhost::net::test;

namespace {

struct Rig {
    Rig() : listener(open_listener(Address::parse("127.0.0.1:0").value(), {}).value()) {
        at = local_address(listener);
        acceptor.emplace(
            loop, listener,
            [](void* user, int fd, const Address& peer) {
                auto* r = static_cast<Rig*>(user);
                r->accepted.emplace_back(fd);
                r->peers.push_back(peer.text());
                if (r->accepted.size() == r->pause_after) r->acceptor->pause();
            },
            this);
    }
    Fd client() {
        Fd f(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::connect(f.fd, at.get(), at.len) == 0);
        return f;
    }
    bool until(size_t n) {
        return eventually([&] {
            loop.turn(10);
            return accepted.size() >= n;
        });
    }

    Loop loop{0};
    int listener;
    Address at;
    std::vector<Fd> accepted;
    std::vector<std::string> peers;
    size_t pause_after = 0;
    std::optional<Acceptor> acceptor;
};

// No further descriptor for this process, until it is destroyed.
struct NoMoreFiles {
    NoMoreFiles() {
        ::getrlimit(RLIMIT_NOFILE, &before);
        int lowest_free = ::dup(0);
        REQUIRE(lowest_free >= 0);
        ::close(lowest_free);
        rlimit now = before;
        now.rlim_cur = static_cast<rlim_t>(lowest_free);
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &now) == 0);
    }
    ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before); }
    rlimit before{};
};

}  // namespace

TEST_SUITE("host/net") {
    TEST_CASE("every client that waits is accepted, and its address is told") {
        Rig rig;
        std::vector<Fd> clients;
        for (int i = 0; i < 150; i++) clients.push_back(rig.client());  // more than two batches
        CHECK(rig.until(150));
        std::vector<std::string> expected;
        for (auto& c : clients) expected.push_back(local_address(c.fd).text());
        std::sort(expected.begin(), expected.end());
        std::sort(rig.peers.begin(), rig.peers.end());
        CHECK(rig.peers == expected);
        CHECK(rig.acceptor->exhausted() == 0);
    }

    TEST_CASE("what is accepted sends small pieces at once, those before the acceptor included") {
        const int one = 1, zero = 0;
        const auto at_once = [](int fd) {
            int on = 0;
            socklen_t n = sizeof on;
            return ::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &n) == 0 && on == one;
        };
        const Fd bare(open_listener(Address::parse("127.0.0.1:0").value(), {}).value());
        const Address at = local_address(bare.fd);
        const Fd early(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::connect(early.fd, at.get(), at.len) == 0);
        CHECK(at_once(Fd(::accept(bare.fd, nullptr, nullptr)).fd));
        Rig rig;
        // As a socket of a service manager comes.
        ::setsockopt(rig.listener, IPPROTO_TCP, TCP_NODELAY, &zero, sizeof zero);
        Acceptor second(
            rig.loop, ::dup(rig.listener), [](void*, int fd, const Address&) { ::close(fd); },
            nullptr);
        second.pause();
        Fd behind = rig.client();
        CHECK(rig.until(1));
        CHECK(at_once(rig.accepted[0].fd));
    }

    TEST_CASE("a pause takes effect at once, and nobody is lost over it") {
        Rig rig;
        rig.pause_after = 2;
        std::vector<Fd> clients;
        for (int i = 0; i < 5; i++) clients.push_back(rig.client());
        for (int i = 0; i < 20; i++) rig.loop.turn(1);
        CHECK(rig.accepted.size() == 2);
        rig.acceptor->resume();
        CHECK(rig.until(5));
    }

    TEST_CASE("a closed acceptor refuses new clients") {
        Rig rig;
        rig.acceptor->close();
        Fd f(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        CHECK(::connect(f.fd, rig.at.get(), rig.at.len) != 0);
        CHECK(errno == ECONNREFUSED);
    }

    TEST_CASE("without descriptors it turns one client away, does not spin, and recovers") {
        Rig rig;
        std::vector<Fd> clients;
        for (int i = 0; i < 5; i++) clients.push_back(rig.client());
        rig.accepted.reserve(16);
        rig.peers.reserve(16);
        {
            NoMoreFiles scarce;
            rig.loop.turn(1000);
            CHECK(rig.acceptor->exhausted() == 1);
            CHECK(rig.accepted.empty());
            pollfd p{clients[0].fd, POLLIN, 0};
            REQUIRE(::poll(&p, 1, 10'000) == 1);
            char byte;
            CHECK(::recv(clients[0].fd, &byte, 1, 0) == 0);
            // Four clients wait, and the loop sleeps until its timer: a busy loop would do thousands of turns.
            int turns = 0;
            for (auto end = Clock::now() + std::chrono::milliseconds(80); Clock::now() < end;
                 turns++)
                rig.loop.turn(20);
            CHECK(turns < 20);
            CHECK(rig.acceptor->exhausted() <= 2);
        }
        size_t left = 5 - rig.acceptor->exhausted();
        CHECK(rig.until(left));
        Fd late = rig.client();
        CHECK(rig.until(left + 1));
    }
}
