// SPDX-License-Identifier: Apache-2.0
#include "http/client_call.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "http/abi_client.hpp"
#include "loop_rig.hpp"
#include "net/listener.hpp"
#include "net/resolver.hpp"

using namespace microhost;
using namespace microhost::http;

namespace {

/// A listening socket of which the test takes the connections, and one call to it.
struct Ask {
    LoopRig rig;
    int listener = *net::open_listener(*net::Address::parse("127.0.0.1:0"), {});
    std::string address = net::local_address(listener).text();
    int peer = -1;
    std::string events, request, body;
    mh_status ended = 1;
    bool cancel_in_head = false;
    mh_http_out out{};
    ClientCall* call = nullptr;

    Ask() {
        out.size = sizeof out;
        out.method = str("GET");
        out.target = str("/");
        out.address = str(address);
    }
    ~Ask() {
        close(listener);
        if (peer >= 0) close(peer);
    }

    mh_status open() {
        mh_http_sink sink{};
        sink.size = sizeof sink;
        sink.on_head = [](void* user, mh_http_call* c, uint32_t status, const mh_header*,
                          uint32_t) {
            auto* a = static_cast<Ask*>(user);
            a->events += std::to_string(status) + " ";
            if (a->cancel_in_head) kClientTable.cancel(c);
        };
        sink.on_body = [](void* user, mh_http_call*, mh_seg piece) {
            static_cast<Ask*>(user)->body += view(piece);
        };
        sink.on_end = [](void* user, mh_http_call*, mh_status s) {
            static_cast<Ask*>(user)->events += "end ";
            static_cast<Ask*>(user)->ended = s;
        };
        const mh_status s = ClientCall::open(rig.engine, nullptr, out, sink, this, &call);
        CHECK(events.empty());
        return s;
    }
    bool ends() {
        return rig.until([&] { return ended != 1; });
    }
    /// Takes the request and sends this.
    void reply(std::string_view bytes) {
        peer = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        REQUIRE(peer >= 0);
        REQUIRE(rig.until([&] {
            char part[4096];
            const ssize_t n = recv(peer, part, sizeof part, 0);
            if (n > 0) request.append(part, static_cast<size_t>(n));
            return request.find("\r\n\r\n") != request.npos;
        }));
        ::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
};

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("a call hands over head, body and end, in this order") {
        Ask ask;
        const std::string body = "payload";
        ask.out.method = str("POST");
        ask.out.target = str("/x?y");
        ask.out.body = seg(body);
        REQUIRE(ask.open() == MH_OK);
        ask.reply("HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\ndone");
        REQUIRE(ask.ends());
        CHECK(ask.ended == MH_OK);
        CHECK(ask.events == "201 end ");
        CHECK(ask.body == "done");
        CHECK(ask.request == "POST /x?y HTTP/1.1\r\nHost: " + ask.address +
                                 "\r\nContent-Length: 7\r\n\r\npayload");
    }

    TEST_CASE("a call that gets nothing good ends with the reason") {
        struct Row {
            const char* what;
            std::string answer;
            mh_status expected;
        };
        const std::vector<Row> rows = {
            {"cut short", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", MH_E_IO},
            {"not HTTP", "220 mail.example ESMTP\r\n\r\n", MH_E_IO},
            {"too long", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", MH_E_LIMIT},
            {"too long in chunks",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             "b\r\n12345678901\r\n",
             MH_E_LIMIT},
        };
        for (const Row& row : rows) {
            CAPTURE(row.what);
            Ask ask;
            ask.out.max_response = 10;
            REQUIRE(ask.open() == MH_OK);
            ask.reply(row.answer);
            shutdown(ask.peer, SHUT_RDWR);
            REQUIRE(ask.ends());
            CHECK(ask.ended == row.expected);
        }
    }

    TEST_CASE("a call has a deadline for all of it") {
        Ask ask;
        ask.out.timeout_ms = 200;
        REQUIRE(ask.open() == MH_OK);
        ask.reply("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
        REQUIRE(ask.ends());
        CHECK(ask.ended == MH_E_TIMEOUT);
        CHECK(ask.body == "half");
    }

    TEST_CASE("a response without an end has a deadline for its head, and none for what follows") {
        Ask ask;
        ask.out.timeout_ms = UINT32_MAX;
        ask.out.head_timeout_ms = 200;
        ask.out.idle_timeout_ms = UINT32_MAX;
        ask.out.max_response = UINT64_MAX;
        ask.rig.engine.limits.stream_timeout_ms = 200;
        REQUIRE(ask.open() == MH_OK);
        ask.reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        REQUIRE(ask.rig.until([&] { return ask.body == "one"; }));
        const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(600);
        REQUIRE(ask.rig.until([&] { return std::chrono::steady_clock::now() > later; }));
        CHECK(ask.events == "200 ");
        ::send(ask.peer, "3\r\ntwo\r\n", 8, MSG_NOSIGNAL);
        REQUIRE(ask.rig.until([&] { return ask.body == "onetwo"; }));
        ::send(ask.peer, "0\r\n\r\n", 5, MSG_NOSIGNAL);
        REQUIRE(ask.ends());
        CHECK(ask.ended == MH_OK);
    }

    TEST_CASE("a response without an end whose head does not come is over in time") {
        Ask ask;
        ask.out.timeout_ms = UINT32_MAX;
        ask.out.head_timeout_ms = 200;
        REQUIRE(ask.open() == MH_OK);
        ask.reply("");
        REQUIRE(ask.ends());
        CHECK(ask.ended == MH_E_TIMEOUT);
    }

    TEST_CASE("a response without an end may not pause for longer than was said") {
        Ask ask;
        ask.out.timeout_ms = UINT32_MAX;
        ask.out.idle_timeout_ms = 200;
        REQUIRE(ask.open() == MH_OK);
        ask.reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        REQUIRE(ask.ends());
        CHECK(ask.ended == MH_E_TIMEOUT);
        CHECK(ask.body == "one");
    }

    TEST_CASE("a name is resolved, and its addresses are tried one after the other") {
        Ask ask;
        net::ResolverOptions options;
        options.query = [](const std::string& host) -> net::Resolved {
            if (host != "etcd.test") return error("resolve {}: no such host", host);
            // Nobody listens at the first one.
            return std::vector<net::Address>{*net::Address::parse("127.255.255.254:0"),
                                             *net::Address::parse("127.0.0.1:0")};
        };
        std::optional<net::Resolver> resolver(std::in_place, options);
        set_client_resolver(&*resolver);
        const std::string named = "etcd.test" + ask.address.substr(ask.address.rfind(':'));
        ask.out.address = str(named);
        REQUIRE(ask.open() == MH_OK);
        REQUIRE(ask.rig.until([&] {
            ask.peer = accept4(ask.listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            return ask.peer >= 0;
        }));
        constexpr std::string_view kAnswer = "HTTP/1.1 204 No Content\r\n\r\n";
        ::send(ask.peer, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
        REQUIRE(ask.ends());
        CHECK(ask.events == "204 end ");

        Ask gone;
        gone.out.address = str("gone.test:80");
        REQUIRE(gone.open() == MH_OK);
        REQUIRE(gone.ends());
        CHECK(gone.ended == MH_E_UNAVAILABLE);
        set_client_resolver(nullptr);
        resolver.reset();  // first of all: its thread is out of the loops then
    }

    TEST_CASE("nobody listens: the call ends after open() has returned") {
        Ask ask;
        close(ask.listener);
        ask.listener = open("/dev/null", O_RDONLY);
        REQUIRE(ask.open() == MH_OK);
        REQUIRE(ask.ends());
        CHECK(ask.ended == MH_E_UNAVAILABLE);
    }

    TEST_CASE("a cancelled call says nothing more, even from within its callback") {
        Ask ask;
        ask.cancel_in_head = true;
        REQUIRE(ask.open() == MH_OK);
        ask.reply("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
        REQUIRE(ask.rig.until([&] { return !ask.events.empty(); }));
        for (int i = 0; i < 5; i++) ask.rig.turn();
        CHECK(ask.events == "200 ");
        CHECK(ask.body.empty());
    }

    TEST_CASE("what cannot be a request is refused at once") {
        struct Row {
            const char *method, *address, *target;
            mh_status expected;
        };
        const Row rows[] = {
            {"GET", "nonsense", "/", MH_E_INVALID},
            {"GET", "127.0.0.1:99999", "/", MH_E_INVALID},
            {"GET", "a b:80", "/", MH_E_INVALID},
            {"GET", "127.0.0.1:1", "x", MH_E_INVALID},
            {"GET", "127.0.0.1:1", "/ HTTP/1.1\r\nX: y", MH_E_INVALID},
            {"G T", "127.0.0.1:1", "/", MH_E_INVALID},
            {"CONNECT", "127.0.0.1:1", "/", MH_E_INVALID},
            {"GET", "example.org:80", "/", MH_E_UNAVAILABLE},  // no resolver was set
        };
        for (const Row& row : rows) {
            CAPTURE(row.address);
            CAPTURE(row.target);
            Ask ask;
            ask.out.method = str(row.method);
            ask.out.address = str(row.address);
            ask.out.target = str(row.target);
            CHECK(ask.open() == row.expected);
            ask.rig.turn();
        }
    }
}
