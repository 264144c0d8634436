// SPDX-License-Identifier: Apache-2.0
#include "http/upstream.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <functional>

#include "../net/sockets.hpp"
#include "loop_rig.hpp"
#include "net/listener.hpp"

using namespace microhost;
using namespace microhost::http;
using net::test::Fd;

namespace {

/// A request, and what came of it.
struct Asked final : Transaction {
    void on_response(ResponseHead*, std::string_view piece, bool end) override {
        body += piece;
        ended = end;
        if (end && then) then();
    }
    void on_failure(const UpstreamFailure& f) override {
        failed = true;
        stale = f.stale;
    }
    std::string body;
    bool ended = false, failed = false, stale = false;
    std::function<void()> then;
};

/// One upstream, whose connections the test answers itself. A unix socket: what is sent is there at once.
struct Peer {
    LoopRig rig;
    net::test::Folder folder;
    net::Address address = *net::Address::parse("unix:" + folder.file("peer"));
    Fd listener{*net::open_listener(address, {})};
    Upstream upstream{rig.engine, address, nullptr, "peer"};
    std::vector<Fd> connections;

    bool start(Asked& a) {
        static constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: peer\r\n\r\n";
        iovec v{const_cast<char*>(kRequest.data()), kRequest.size()};
        const char* why = "";
        return upstream.start(a, {}, &v, 1, &why);
    }
    /// Takes the newest connection when there is one that waits.
    bool accepted() {
        const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) connections.emplace_back(fd);
        return fd >= 0;
    }
    bool send(std::string_view bytes) {
        return ::send(connections.back().fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(bytes.size());
    }
    bool sends(Asked& a, std::string_view bytes) {
        return send(bytes) && rig.until([&] { return a.ended || a.failed; });
    }
};

struct Trigger final : Pollable {
    std::function<void()> fire;
    void on_events(uint32_t) override { fire(); }
};

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr std::string_view kJunk = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\njunk";
constexpr std::string_view kFresh = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh";

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("a kept connection carries the next request") {
        Peer peer;
        Asked first, second;
        REQUIRE(peer.start(first));
        REQUIRE(peer.accepted());
        REQUIRE(peer.sends(first, kOk));
        REQUIRE(peer.start(second));
        REQUIRE(peer.sends(second, kOk));
        CHECK(second.body == "ok");
        CHECK_FALSE(peer.accepted());
    }

    TEST_CASE("a connection that brought more than its response is not used again") {
        Peer peer;
        Asked first, second;
        REQUIRE(peer.start(first));
        REQUIRE(peer.accepted());
        REQUIRE(peer.sends(first, std::string(kOk) + "more"));
        CHECK(first.body == "ok");
        REQUIRE(peer.start(second));
        REQUIRE(peer.accepted());
        REQUIRE(peer.sends(second, kFresh));
        CHECK(second.body == "fresh");
    }

    TEST_CASE("bytes that nobody asked for are not the answer to a request of the same turn") {
        Peer peer;
        Asked first, second;
        REQUIRE(peer.start(first));
        REQUIRE(peer.accepted());
        REQUIRE(peer.sends(first, kOk));
        REQUIRE(peer.upstream.idle() == 1);
        int pair[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
        Fd client(pair[0]), server(pair[1]);
        Trigger request;
        request.fire = [&] { CHECK(peer.start(second)); };
        REQUIRE(peer.rig.loop.add(server.fd, &request, EPOLLIN | EPOLLET));
        // The loop hears of both at once, of the client first.
        REQUIRE(write(client.fd, "x", 1) == 1);
        REQUIRE(peer.send(kJunk));
        peer.rig.turn();
        CHECK_FALSE(second.ended);
        REQUIRE(peer.accepted());
        REQUIRE(peer.sends(second, kFresh));
        CHECK(second.body == "fresh");
        peer.rig.loop.remove(server.fd);
    }

    TEST_CASE("bytes behind a response are not the answer to a request that its end sets off") {
        Peer peer;
        Asked first, second;
        first.then = [&] { CHECK(peer.start(second)); };
        REQUIRE(peer.start(first));
        REQUIRE(peer.accepted());
        // One read takes exactly the response; more may be there, and is.
        const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: ";
        const size_t length = Engine::kUpstreamBuffer - head.size() - 6 - 4;
        std::string bytes = head + std::to_string(length) + "\r\n\r\n";
        REQUIRE(bytes.size() + length == Engine::kUpstreamBuffer);
        bytes.append(length, 'a').append(kJunk);
        REQUIRE(peer.sends(first, bytes));
        peer.rig.turn();
        CHECK(first.body.size() == length);
        CHECK_FALSE(second.ended);
        REQUIRE(peer.rig.until([&] { return peer.accepted(); }));
        REQUIRE(peer.sends(second, kFresh));
        CHECK(second.body == "fresh");
    }
}
