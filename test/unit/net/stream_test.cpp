// SPDX-License-Identifier: Apache-2.0
#include "net/stream.hpp"

#include <netinet/in.h>

#include "sockets.hpp"

using namespace microhost::net;
using namespace microhost::net::test;

TEST_SUITE("host/net") {
    TEST_CASE("a write takes what fits, and everything arrives in order") {
        auto [c, s] = tcp_pair(4096);
        Stream client(std::exchange(c.fd, -1)), server(std::exchange(s.fd, -1));
        std::string sent(3'000'000, '\0'), got;
        for (size_t i = 0; i < sent.size(); i++) sent[i] = static_cast<char>(i * 31 >> 4);
        size_t at = 0, refused = 0;
        CHECK(eventually([&] {
            while (at < sent.size()) {
                size_t half = (sent.size() - at) / 2;
                iovec v[2] = {{&sent[at], half}, {&sent[at + half], sent.size() - at - half}};
                ssize_t n = client.write(v, 2);
                if (n == -EAGAIN) refused++;
                if (n == -EAGAIN) break;
                REQUIRE(n > 0);
                at += static_cast<size_t>(n);
            }
            CHECK(drain(server, got) == -EAGAIN);
            if (got.size() < sent.size()) wait_either(server.fd(), server.fd());
            return got.size() == sent.size();
        }));
        CHECK(refused > 0);
        CHECK((got == sent));
    }

    TEST_CASE("an end is told from a reset") {
        for (bool reset : {false, true}) {
            CAPTURE(reset);
            auto [c, s] = tcp_pair();
            Stream client(std::exchange(c.fd, -1)), server(std::exchange(s.fd, -1));
            std::string got;
            CHECK(drain(server, got) == -EAGAIN);
            client.close(reset);
            CHECK_FALSE(client.open());
            ssize_t r = -EAGAIN;
            CHECK(eventually([&] {
                wait_either(server.fd(), server.fd());
                return (r = drain(server, got)) != -EAGAIN;
            }));
            CHECK(r == (reset ? -ECONNRESET : 0));
        }
    }

    TEST_CASE("after the end of one direction the other one goes on") {
        auto [c, s] = tcp_pair();
        Stream client(std::exchange(c.fd, -1)), server(std::exchange(s.fd, -1));
        client.shutdown_write();
        std::string got;
        CHECK(eventually([&] {
            wait_either(server.fd(), server.fd());
            return drain(server, got) == 0;
        }));
        CHECK(write_text(server, "late") == 4);
        CHECK(eventually([&] {
            wait_either(client.fd(), client.fd());
            CHECK(drain(client, got) == -EAGAIN);
            return got == "late";
        }));
        CHECK(write_text(client, "no") == -EPIPE);  // and no signal
    }

    TEST_CASE("a connection that nobody accepts is told by the socket's error") {
        Fd bound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        Address at = Address::parse("127.0.0.1:0").value();
        REQUIRE(::bind(bound.fd, at.get(), at.len) == 0);
        at = local_address(bound.fd);  // bound, but it does not listen
        auto s = connect(at, nullptr, "");
        int why = 0;
        if (s) {
            pollfd p{s->fd(), POLLOUT, 0};
            REQUIRE(::poll(&p, 1, 10'000) == 1);
            why = socket_error(s->fd());
            CHECK(why == ECONNREFUSED);
        } else {
            CHECK(s.error().what.find(at.text()) != std::string::npos);
        }
    }

    TEST_CASE("a unix socket that nobody has is an error that names it") {
        Folder folder;
        auto s = connect(Address::parse("unix:" + folder.file("none")).value(), nullptr, "");
        REQUIRE_FALSE(s.has_value());
        CHECK(s.error().what.find(folder.file("none")) != std::string::npos);
    }

    TEST_CASE("a unix socket with a full queue is an error, not a connection that never comes") {
        Folder folder;
        Address at = Address::parse("unix:" + folder.file("s")).value();
        ListenOptions options;
        options.backlog = 0;
        Fd listener(open_listener(at, options).value());
        std::vector<Stream> taken;
        bool full = false;
        for (int i = 0; i < 10 && !full; i++) {
            auto s = connect(at, nullptr, "");
            full = !s;
            if (s) taken.push_back(std::move(*s));
        }
        CHECK(full);
    }
}
