// SPDX-License-Identifier: Apache-2.0
#include "tls_rig.hpp"

using namespace microhost::net;
using namespace std::string_literals;
using namespace microhost::net::test;

namespace {

std::string pattern(size_t n) {
    std::string s(n, '\0');
    for (size_t i = 0; i < n; i++) s[i] = static_cast<char>(i * 131 >> 3);
    return s;
}

// Sends in pieces that are cut differently at every call, and reads on both sides.
void carry(TlsPair& pair, Stream& from, std::string& sent, std::string& got) {
    size_t at = 0, calls = 0, refused = 0;
    CHECK(eventually([&] {
        while (at < sent.size()) {
            size_t left = sent.size() - at;
            size_t a = std::min(left, calls * 7919 % 40'000), b = std::min(left - a, calls % 5);
            iovec v[4] = {{&sent[at], a}, {nullptr, 0}, {&sent[at] + a, b}, {&sent[at] + a + b, 0}};
            v[3].iov_len = std::min(left - a - b, ++calls * 131 % 70'000);
            ssize_t n = from.write(v, 4);
            refused += n == -EAGAIN;
            if (n == -EAGAIN) break;
            REQUIRE(n >= 0);
            REQUIRE(static_cast<size_t>(n) <= a + b + v[3].iov_len);
            at += static_cast<size_t>(n);
        }
        pair.turn();
        REQUIRE_FALSE(pair.over());
        if (got.size() < sent.size()) wait_either(pair.client.fd(), pair.server.fd());
        return got.size() >= sent.size();
    }));
    CHECK(refused > 0);
    CHECK((got == sent));
}

}  // namespace

TEST_SUITE("host/net") {
    TEST_CASE("TLS carries bytes both ways and tells the name that was asked for") {
        TlsRig rig;
        TlsPair pair = rig.connect("default.test");
        CHECK_FALSE(pair.client.tls_peer());
        CHECK_FALSE(pair.server.tls_peer());
        CHECK(pair.server.tls());
        CHECK_FALSE(pair.server.short_read_drains());
        REQUIRE(pair.shake_hands());
        CHECK(pair.server.tls_peer()->sni == "default.test");
        CHECK(pair.server.tls_peer()->subject.empty());
        CHECK(write_text(pair.client, "question") == 8);
        CHECK(write_text(pair.server, "answer") == 6);
        CHECK(eventually([&] {
            pair.turn();
            return pair.at_server == "question" && pair.at_client == "answer";
        }));
        CHECK_FALSE(pair.over());
        CHECK(pair.client.tls_failure().empty());
    }

    TEST_CASE("what is written before the handshake is refused for now and then sent once") {
        TlsRig rig;
        TlsPair pair = rig.connect("default.test");
        CHECK(write_text(pair.client, "early") == -EAGAIN);
        bool sent = false;
        CHECK(eventually([&] {
            if (!sent) sent = write_text(pair.client, "early") == 5;
            pair.server_says = drain(pair.server, pair.at_server);
            if (pair.at_server.empty()) wait_either(pair.client.fd(), pair.server.fd());
            return !pair.at_server.empty();
        }));
        CHECK(pair.at_server == "early");
    }

    TEST_CASE("megabytes pass a small socket, however the caller cuts them") {
        TlsRig rig;
        TlsPair pair = rig.connect("default.test", 4096);
        REQUIRE(pair.shake_hands());
        std::string up = pattern(300'000), down = pattern(200'001);
        carry(pair, pair.client, up, pair.at_server);
        carry(pair, pair.server, down, pair.at_client);
    }

    TEST_CASE("net::connect makes the TLS session, by name or by address") {
        TlsRig rig;
        auto client = rig.client();
        auto server = rig.server();
        Fd listener(open_listener(Address::parse("127.0.0.1:0").value(), {}).value());
        const Address at = local_address(listener.fd);
        for (const std::string& name : {"default.test"s, ""s, "127.0.0.1"s, at.text()}) {
            CAPTURE(name);
            auto c = connect(at, client.get(), name);
            REQUIRE(c.has_value());
            Fd accepted = accept_one(listener.fd);
            int fd = std::exchange(accepted.fd, -1);
            TlsPair pair{std::move(*c), Stream(fd, server->accept(fd))};
            CHECK(pair.shake_hands());
            CAPTURE(pair.client.tls_failure());
            if (pair.ready())
                CHECK(pair.server.tls_peer()->sni == (name == "default.test" ? name : ""));
        }
        Folder folder;
        Address path = Address::parse("unix:" + folder.file("s")).value();
        Fd other(open_listener(path, {}).value());
        CHECK_FALSE(connect(path, client.get(), "").has_value());
        CHECK(connect(path, client.get(), "default.test").has_value());
    }

    TEST_CASE("close_notify is an end; a bare end of the connection is a reset") {
        for (bool honest : {true, false}) {
            for (bool server_ends : {true, false}) {
                CAPTURE(honest);
                CAPTURE(server_ends);
                TlsRig rig;
                TlsPair pair = rig.connect("default.test");
                REQUIRE(pair.shake_hands());
                Stream& ends = server_ends ? pair.server : pair.client;
                Stream& hears = server_ends ? pair.client : pair.server;
                // The server's ticket must be read: a close with unread bytes is a reset, in TLS or not.
                CHECK(write_text(pair.server, "hello") == 5);
                CHECK(eventually(
                    [&] { return drain(pair.client, pair.at_client), !pair.at_client.empty(); }));
                CHECK(write_text(ends, "partial") == 7);
                if (honest)
                    ends.close();
                else
                    ::shutdown(ends.fd(), SHUT_WR);
                std::string got;
                ssize_t r = -EAGAIN;
                CHECK(eventually([&] {
                    wait_either(hears.fd(), hears.fd());
                    return (r = drain(hears, got)) != -EAGAIN;
                }));
                CHECK(got == "partial");
                CHECK(r == (honest ? 0 : -ECONNRESET));
                CHECK(hears.tls_failure().empty() == honest);
                CHECK(drain(hears, got) == r);  // and it stays so
            }
        }
    }

    TEST_CASE("after our close_notify the other side may go on") {
        TlsRig rig;
        TlsPair pair = rig.connect("default.test");
        REQUIRE(pair.shake_hands());
        pair.client.shutdown_write();
        CHECK(write_text(pair.client, "no") == -EPIPE);
        pair.until_over();
        CHECK(pair.server_says == 0);
        CHECK(write_text(pair.server, "late") == 4);
        CHECK(eventually([&] {
            wait_either(pair.client.fd(), pair.client.fd());
            CHECK(drain(pair.client, pair.at_client) == -EAGAIN);
            return pair.at_client == "late";
        }));
    }

    TEST_CASE("a broken connection is the error of the socket") {
        TlsRig rig;
        TlsPair pair = rig.connect("default.test");
        REQUIRE(pair.shake_hands());
        pair.client.close(true);
        CHECK(eventually([&] {
            wait_either(pair.server.fd(), pair.server.fd());
            return (pair.server_says = drain(pair.server, pair.at_server)) != -EAGAIN;
        }));
        CHECK(pair.server_says == -ECONNRESET);
        CHECK(write_text(pair.server, "x") == -ECONNRESET);
    }

    TEST_CASE("a client that does not speak TLS is a protocol error") {
        TlsRig rig;
        auto context = rig.server();
        for (const std::string text : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                                       "\x16\x03\x01\x02\x00\xff\xff\xff"
                                       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}) {
            auto [c, s] = tcp_pair();
            int fd = std::exchange(s.fd, -1);
            Stream server(fd, context->accept(fd));
            REQUIRE(::send(c.fd, text.data(), text.size(), MSG_NOSIGNAL) > 0);
            ::shutdown(c.fd, SHUT_WR);
            std::string got;
            ssize_t r = -EAGAIN;
            CHECK(eventually([&] {
                wait_either(fd, fd);
                return (r = drain(server, got)) != -EAGAIN;
            }));
            CHECK((r == -EPROTO || r == -ECONNRESET));
            CHECK(got.empty());
            CHECK_FALSE(server.tls_failure().empty());
            CHECK_FALSE(server.tls_peer());
        }
    }

    TEST_CASE("a handshake goes on while the certificates are replaced") {
        TlsRig rig;
        auto context = rig.server();
        auto [c, s] = tcp_pair();
        int client_fd = std::exchange(c.fd, -1), server_fd = std::exchange(s.fd, -1);
        TlsPair pair{Stream(client_fd, rig.client()->open(client_fd, "default.test").value()),
                     Stream(server_fd, context->accept(server_fd))};
        pair.turn();
        context.reset();
        CHECK(pair.shake_hands());
    }
}
