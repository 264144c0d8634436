// SPDX-License-Identifier: Apache-2.0
#include "net/connection.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "net/parking.hpp"
#include "net/server_tls.hpp"
#include "tls_rig.hpp"

using namespace microhost;
using namespace microhost::net;
using namespace microhost::net::test;

namespace {

/// One end, which notes what it is told.
struct End final : Connection::Sink {
    void on_open() override { note("open"); }
    size_t on_bytes(std::string_view b) override {
        note("bytes");
        last = b;
        got += b.substr(0, std::min(use, b.size()));
        return use;
    }
    bool on_finish() override {
        note("finish");
        return finishes;
    }
    void on_writable() override { note("writable"); }
    void on_end(mh_status why, std::string_view text) override {
        connection = nullptr;
        status = why;
        line = text;
        note("end");
    }
    void note(const std::string& what) {
        happened += what + " ";
        if (then) then(what);
    }
    mh_status write(std::string_view text) {
        const mh_seg s{reinterpret_cast<const uint8_t*>(text.data()), text.size()};
        return connection->write(&s, 1);
    }
    bool over() const { return happened.ends_with("end "); }

    Connection* connection = nullptr;
    std::function<void(const std::string&)> then;
    size_t use = SIZE_MAX;
    bool finishes = true;
    std::string happened, got, last, line;
    mh_status status = 1;
};

/// A loop with a listener on it; both ends of each connection are ours.
struct Bench {
    Bench()
        : acceptor(loop, open_listener(Address::parse("127.0.0.1:0").value(), {}).value(), take,
                   this) {
        loop.adopt_thread();
    }
    ~Bench() {
        for (End* e : {&near, &far})
            if (e->connection) e->connection->abort();
        loop.turn(0);
    }
    static void take(void* self, int fd, const Address& peer) {
        auto* b = static_cast<Bench*>(self);
        ConnectionSettings s;
        s.tls = b->server;
        b->far.connection = Connection::accepted(b->loop, b->far, s, fd, peer);
    }
    void dial(ConnectionSettings s = {}) {
        s.address = local_address(acceptor.fd()).text();
        near.connection = Connection::dial(loop, near, s).value();
    }
    template <class F>
    bool until(F done) {
        return eventually([&] {
            if (!done()) loop.turn(20);
            return done();
        });
    }
    void connect() {
        dial();
        REQUIRE(until([&] { return near.happened == "open " && far.happened == "open "; }));
    }

    Loop loop{0};
    Acceptor acceptor;
    ConnectionTls server;
    End near, far;
};

struct WithTls : TlsRig {
    ConnectionTls client_side() {
        context = client();
        return {context.get(), nullptr, "default.test", ""};
    }
    ConnectionTls server_side() const {
        return {nullptr, std::shared_ptr<const TlsServerContext>(server()), "", ""};
    }
    std::unique_ptr<TlsClientContext> context;
};

}  // namespace

TEST_SUITE("host/net") {
    TEST_CASE("whatever a callback does to the connection, nothing of it is called any more") {
        for (const char* where : {"open", "bytes", "finish", "writable"}) {
            CAPTURE(where);
            Bench b;
            b.near.then = [&](const std::string& what) {
                if (what != where) return;
                b.near.then = nullptr;
                std::exchange(b.near.connection, nullptr)->abort();
            };
            b.dial();
            REQUIRE(b.until([&] { return b.far.happened.starts_with("open "); }));
            const std::string block(64 * 1024, 'x');
            if (where == std::string("writable"))
                while (b.near.write(block) == MH_OK) {
                }
            if (b.far.connection && where == std::string("bytes")) b.far.write("x");
            if (b.far.connection && where == std::string("finish")) b.far.connection->finish();
            REQUIRE(b.until([&] { return !b.near.connection && b.far.over(); }));
            CHECK(b.near.happened.ends_with(std::string(where) + " "));
        }
    }

    TEST_CASE("writing does not call back, and over 256 KiB nothing more is taken") {
        Bench b;
        b.connect();
        b.far.connection->pause();
        const std::string block(100'000, 'x');
        int taken = 0;
        while (b.near.write(block) == MH_OK) taken++;
        CHECK(taken == 3);
        CHECK(b.near.happened == "open ");
        CHECK(b.near.write(block) == MH_E_BUSY);
        b.far.connection->resume();
        REQUIRE(b.until([&] { return b.near.happened == "open writable "; }));
        REQUIRE(b.until([&] { return b.far.got.size() == 300'000; }));
    }

    TEST_CASE("both sides finish, and both are told that all went well") {
        Bench b;
        b.connect();
        CHECK(b.near.write("last") == MH_OK);
        CHECK(b.near.connection->finish() == MH_OK);
        CHECK(b.near.write("too late") == MH_E_GONE);
        REQUIRE(b.until([&] { return b.far.happened.ends_with("finish "); }));
        CHECK(b.far.got == "last");
        CHECK(b.far.write("answer") == MH_OK);
        CHECK(b.far.connection->finish() == MH_OK);
        REQUIRE(b.until([&] { return b.near.over() && b.far.over(); }));
        CHECK(b.near.got == "answer");
        CHECK(b.near.status == MH_OK);
        CHECK(b.far.status == MH_OK);
    }

    TEST_CASE("what was written before start_tls is in the clear, what comes after it is not") {
        WithTls rig;
        Bench b;
        b.connect();
        b.near.then = [&](const std::string& what) {
            if (what != "bytes") return;
            b.near.then = nullptr;
            CHECK(b.near.connection->start_tls(rig.client_side(), 5'000) == MH_OK);
            CHECK(b.near.write("second") == MH_OK);
        };
        CHECK(b.far.write("proceed") == MH_OK);
        CHECK(b.far.connection->start_tls(rig.server_side(), 5'000) == MH_OK);
        CHECK(b.far.write("first") == MH_OK);
        REQUIRE(b.until([&] { return b.near.got == "proceedfirst" && b.far.got == "second"; }));
        CHECK(b.near.happened.starts_with("open bytes open "));
        CHECK(b.near.connection->start_tls(rig.client_side(), 5'000) == MH_E_INVALID);
    }

    TEST_CASE("unused bytes forbid start_tls") {
        WithTls rig;
        Bench b;
        b.connect();
        b.near.use = 7;
        b.near.then = [&](const std::string&) {
            if (b.near.last == "proceedinjected") b.near.use = 0;
        };
        b.far.write("proceedinjected");
        REQUIRE(b.until([&] { return b.near.got == "proceed"; }));
        CHECK(b.near.connection->start_tls(rig.client_side(), 5'000) == MH_E_INVALID);
        b.near.then = [&](const std::string& what) {
            if (what == "bytes") b.near.connection->start_tls(rig.client_side(), 5'000);
        };
        b.far.write("x");
        REQUIRE(b.until([&] { return b.near.over(); }));
        CHECK(b.near.status == MH_E_INVALID);
        CHECK(b.near.line.find("in the clear") != std::string::npos);
    }

    TEST_CASE("as long as some of it is used, the rest is shown again at once") {
        Bench b;
        b.connect();
        b.near.use = 4;
        b.near.then = [&](const std::string&) { b.near.use = b.near.got.size() < 8 ? 4 : 0; };
        b.far.write("one\ntwo\nthr");
        REQUIRE(b.until([&] { return b.near.last == "thr"; }));
        CHECK(b.near.got == "one\ntwo\n");
        CHECK(b.near.happened == "open bytes bytes bytes ");
    }

    TEST_CASE("1 MiB that is not used ends it") {
        Bench b;
        b.connect();
        b.near.use = 0;
        const std::string block(64 * 1024, 'x');
        REQUIRE(b.until([&] {
            if (b.far.connection) b.far.write(block);
            return b.near.over();
        }));
        CHECK(b.near.status == MH_E_LIMIT);
        CHECK(b.near.last.size() == Connection::kMostUnused);
    }

    TEST_CASE("a parked connection goes on in another thread with all that it had") {
        WithTls rig;
        for (const bool tls : {false, true}) {
            CAPTURE(tls);
            Bench b;
            if (tls) b.server = rig.server_side();
            ConnectionSettings s;
            if (tls) s.tls = rig.client_side();
            b.dial(s);
            REQUIRE(
                b.until([&] { return b.near.happened == "open " && b.far.happened == "open "; }));
            b.near.use = 0;
            b.far.write("half a ");
            REQUIRE(b.until([&] { return b.near.last == "half a "; }));
            b.near.write("not sent yet");
            ConnectionParts parts;
            REQUIRE(std::exchange(b.near.connection, nullptr)->park(parts));
            const uint64_t key = park(b.loop, "bot", std::move(parts));
            CHECK_FALSE(unpark(key, "another", parts));
            b.far.write("line");
            b.loop.turn(0);
            std::string got, happened;
            std::thread([&] {
                Loop loop(1);
                loop.adopt_thread();
                ConnectionParts mine;
                REQUIRE(unpark(key, "bot", mine));
                End end;
                end.use = 0;
                end.connection = Connection::adopted(loop, end, std::move(mine));
                CHECK(eventually([&] {
                    loop.turn(20);
                    return end.last == "half a line";
                }));
                loop.turn(0);
                end.connection->abort();
                loop.turn(0);
            }).join();
            b.loop.adopt_thread();
            CHECK_FALSE(unpark(key, "bot", parts));
            REQUIRE(b.until([&] { return b.far.over(); }));
            CHECK(b.far.got == "not sent yet");
        }
    }

    TEST_CASE("who closes while the other end talks loses nothing of its own last words") {
        Bench b;
        b.connect();
        const std::string block(200'000, 'x');
        b.near.then = [&](const std::string& what) {
            if (what == "bytes" && b.near.connection) b.near.connection->close();
        };
        b.near.write(block);
        for (int i = 0; i < 3; i++) b.far.write(block);
        REQUIRE(b.until([&] { return b.near.over() && b.far.got.size() == block.size(); }));
        CHECK(b.near.status == MH_OK);
    }

    TEST_CASE("nothing that is no address is dialled") {
        Bench b;
        for (const char* bad : {"", "x", "x:", ":1", "x:0", "x:65536", "x y:1", "x\n:1", "[::1]",
                                "unix:", "127.0.0.1:0", "a/b:1"}) {
            CAPTURE(bad);
            ConnectionSettings s;
            s.address = bad;
            CHECK_FALSE(Connection::dial(b.loop, b.near, s).has_value());
        }
    }
}
