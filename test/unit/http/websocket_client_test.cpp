// SPDX-License-Identifier: Apache-2.0
#include "http/websocket_client.hpp"

#include <doctest/doctest.h>

#include <string>

#include "http/abi_websocket.hpp"
#include "http/websocket_handshake.hpp"
#include "loop_rig.hpp"
#include "net/listener.hpp"

using namespace microhost;
using namespace microhost::http;
using namespace std::string_literals;

namespace {

/// A listening socket of which the test takes the connection, and one websocket to it.
struct Talk {
    LoopRig rig;
    int listener = *net::open_listener(*net::Address::parse("127.0.0.1:0"), {});
    std::string address = net::local_address(listener).text();
    int peer = -1;
    std::string heard;     // by the module
    std::string received;  // by the server
    bool ended = false, abort_in_open = false;
    mh_ws_connect options{};
    Websocket* ws = nullptr;

    Talk() {
        options.size = sizeof options;
        options.target = str("/talk?x=1");
        options.address = str(address);
    }
    ~Talk() {
        if (ws && !ended) ws->abort();
        rig.turn();
        close(listener);
        if (peer >= 0) close(peer);
        for (int i = 0; i < 3; i++) rig.turn();  // one that lingers sees the end
    }

    mh_status open() {
        mh_ws_events e{};
        e.size = sizeof e;
        e.on_message = [](void* user, mh_ws*, int32_t opcode, mh_seg m) {
            of(user).heard +=
                (opcode == MH_WS_TEXT ? "text " : "binary ") + std::string(view(m)) + "\n";
        };
        e.on_close = [](void* user, mh_ws*, uint32_t code, mh_str reason) {
            of(user).heard +=
                "close " + std::to_string(code) + " " + std::string(view(reason)) + "\n";
            of(user).ended = true;
        };
        e.on_open = [](void* user, mh_ws* w, mh_str protocol) {
            of(user).heard += "open " + std::string(view(protocol)) + "\n";
            if (!of(user).abort_in_open) return;
            kWebsocketTable.abort(w);
            of(user).ended = true;
        };
        const mh_status s = ClientWebsocket::connect(rig.engine, nullptr, options, e, this, &ws);
        CHECK(heard.empty());
        return s;
    }
    static Talk& of(void* user) { return *static_cast<Talk*>(user); }

    template <class F>
    bool receive_until(F enough) {
        return rig.until([&] {
            char part[4096];
            const ssize_t n = recv(peer, part, sizeof part, 0);
            if (n > 0) received.append(part, static_cast<size_t>(n));
            return enough();
        });
    }
    bool read_until(std::string_view mark) {
        return receive_until([&] { return received.find(mark) != received.npos; });
    }
    bool hears_frames(size_t n) {
        return receive_until([&] { return frames().size() >= n; });
    }
    /// Whether the connection has ended.
    bool server_sees_end() {
        return rig.until([&] {
            char part[4096];
            const ssize_t n = recv(peer, part, sizeof part, 0);
            if (n > 0) received.append(part, static_cast<size_t>(n));
            return n == 0 || (n < 0 && errno != EAGAIN);
        });
    }
    void say(std::string_view bytes) { ::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
    /// Takes the request.
    void accept() {
        REQUIRE(rig.until([&] {
            peer = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            return peer >= 0;
        }));
        REQUIRE(read_until("\r\n\r\n"));
    }
    std::string key() const {
        const std::string name = "Sec-WebSocket-Key: ";
        return received.substr(received.find(name) + name.size(), 24);
    }
    /// Takes the request and agrees; `more` comes with the answer.
    void agree(std::string_view more = {}, std::string_view fields = {}) {
        accept();
        say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: " +
            websocket_accept(key()) + "\r\n" + std::string(fields) + "\r\n" + std::string(more));
        received.clear();
    }
    bool hears(std::string_view text) {
        return rig.until([&] { return heard.find(text) != heard.npos; });
    }
    /// What came, with the masks taken off.
    std::vector<std::string> frames() const {
        std::vector<std::string> out;
        std::string_view s = received;
        while (s.size() >= 6) {
            const auto n = static_cast<size_t>(s[1] & 0x7f);
            CHECK((s[1] & 0x80) != 0);
            std::string text;
            for (size_t i = 0; i < n; i++) text += static_cast<char>(s[6 + i] ^ s[2 + i % 4]);
            out.push_back(std::to_string(s[0] & 0xf) + " " + text);
            s.remove_prefix(6 + n);
        }
        return out;
    }
};

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("a client's websocket opens, talks and is closed by the server") {
        Talk t;
        REQUIRE(t.open() == MH_OK);
        t.agree("\x81\x02hi");
        REQUIRE(t.hears("text hi"));
        CHECK(t.heard == "open \ntext hi\n");
        CHECK(t.ws->send(WsOpcode::text, "hello") == MH_OK);
        t.say("\x89\x01p");
        REQUIRE(t.hears_frames(2));
        t.say(
            "\x88\x05\x03\xe8"
            "bye");
        REQUIRE(t.hears("close"));
        CHECK(t.heard.ends_with("close 1000 bye\n"));
        // Ours comes before the end, and the end is the server's to make first.
        shutdown(t.peer, SHUT_WR);
        REQUIRE(t.server_sees_end());
        CHECK(t.frames().back() == "8 \x03\xe8");
    }

    TEST_CASE("the request for a websocket says what has to be said, and what the module adds") {
        Talk t;
        const mh_kv fields[] = {{str("Authorization"), str("Bearer x")},
                                {str("Connection"), str("close")}};
        t.options.headers = fields;
        t.options.n_headers = 2;
        t.options.protocol = str("chat, talk");
        t.options.authority = str("example.org");
        REQUIRE(t.open() == MH_OK);
        t.accept();
        CHECK(t.received ==
              "GET /talk?x=1 HTTP/1.1\r\nHost: example.org\r\nConnection: Upgrade\r\n"
              "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
                  t.key() +
                  "\r\nSec-WebSocket-Protocol: chat, talk\r\nAuthorization: Bearer "
                  "x\r\n\r\n");
    }

    TEST_CASE("a subprotocol that was chosen is told") {
        Talk t;
        t.options.protocol = str("chat, talk");
        REQUIRE(t.open() == MH_OK);
        t.agree({}, "Sec-WebSocket-Protocol: talk\r\n");
        REQUIRE(t.hears("open talk\n"));
    }

    TEST_CASE("what is no agreement ends with the reason") {
        struct Row {
            const char* answer;
            const char* heard;
        };
        const Row rows[] = {
            {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
             "close 401 HTTP 401 Unauthorized\n"},
            {"HTTP/1.1 429 x\r\nRetry-After: 7\r\nContent-Length: 3\r\n\r\nno\n",
             "close 429 HTTP 429 Too Many Requests; Retry-After: 7\n"},
            {"HTTP/1.1 200 OK\r\n\r\n", "close 200 HTTP 200 OK\n"},
            {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
             "close 1002 Sec-WebSocket-Accept does not fit the key\n"},
            {"SSH-2.0\r\n\r\n", "close 1006 malformed status line\n"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.answer);
            Talk t;
            REQUIRE(t.open() == MH_OK);
            t.accept();
            t.say(row.answer);
            REQUIRE(t.hears("close"));
            CHECK(t.heard == row.heard);
        }
    }

    TEST_CASE("nobody listens, nobody answers") {
        Talk t;
        close(t.listener);
        REQUIRE(t.open() == MH_OK);
        REQUIRE(t.hears("close"));
        CHECK(t.heard == "close 1006 Connection refused\n");
        t.listener = dup(0);

        Talk late;
        late.options.open_timeout_ms = 100;
        REQUIRE(late.open() == MH_OK);
        late.accept();
        REQUIRE(late.hears("close"));
        CHECK(late.heard == "close 1006 no answer in time\n");
    }

    TEST_CASE("what cannot be asked for is refused at once") {
        const auto refused = [](auto change) {
            Talk t;
            change(t.options);
            return t.open();
        };
        CHECK(refused([](auto& o) { o.address = str("nonsense"); }) == MH_E_INVALID);
        CHECK(refused([](auto& o) { o.target = str("talk"); }) == MH_E_INVALID);
        CHECK(refused([](auto& o) { o.protocol = str("a b"); }) == MH_E_INVALID);
        CHECK(refused([](auto& o) { o.authority = str("a/b"); }) == MH_E_INVALID);
        static const mh_kv key{str("Sec-WebSocket-Key"), str("mine")};
        CHECK(refused([](auto& o) { o.headers = &key, o.n_headers = 1; }) == MH_E_INVALID);
    }

    TEST_CASE("a server that sends masked frames is told that it must not") {
        Talk t;
        REQUIRE(t.open() == MH_OK);
        t.agree(
            "\x81\x82\x01\x02\x03\x04"
            "ab");
        REQUIRE(t.hears("close 1002"));
        shutdown(t.peer, SHUT_WR);
        REQUIRE(t.server_sees_end());
        CHECK(t.frames().back().starts_with("8 \x03\xea"));
    }

    TEST_CASE("the module closes, and waits for the server's close") {
        Talk t;
        REQUIRE(t.open() == MH_OK);
        t.agree();
        REQUIRE(t.hears("open"));
        CHECK(t.ws->send(WsOpcode::text, "last") == MH_OK);
        CHECK(t.ws->close(4000, "done") == MH_OK);
        CHECK(t.ws->send(WsOpcode::text, "late") == MH_E_GONE);
        REQUIRE(t.rig.until([&] { return t.read_until("\x88"); }));
        t.say("\x88\x02\x0f\xa0");
        REQUIRE(t.hears("close 4000 \n"));
    }

    TEST_CASE("a module may give up before it is open, and within on_open") {
        Talk t;
        REQUIRE(t.open() == MH_OK);
        CHECK(t.ws->close(0, {}) == MH_OK);
        REQUIRE(t.hears("close"));
        CHECK(t.heard == "close 1006 given up before it was open\n");

        Talk aborted;
        aborted.abort_in_open = true;
        REQUIRE(aborted.open() == MH_OK);
        aborted.agree("\x81\x02hi");
        REQUIRE(aborted.hears("open"));
        REQUIRE(aborted.server_sees_end());
        CHECK(aborted.heard == "open \n");
    }

    TEST_CASE("a server that does not answer pings is given up, one that sends anything stays") {
        Talk t;
        t.options.ping_interval_ms = 100;
        REQUIRE(t.open() == MH_OK);
        t.agree();
        REQUIRE(t.hears("close"));
        CHECK(t.heard == "open \nclose 1006 pings are not answered\n");
        t.server_sees_end();
        CHECK(t.frames() == std::vector<std::string>{"9 ", "9 "});
    }

    TEST_CASE("a connection that breaks says so") {
        Talk t;
        REQUIRE(t.open() == MH_OK);
        t.agree();
        REQUIRE(t.hears("open"));
        close(t.peer);
        t.peer = -1;
        REQUIRE(t.hears("close 1006 the connection ended\n"));
    }

    TEST_CASE("send is busy while the server does not read, and says when it is not") {
        Talk t;
        REQUIRE(t.open() == MH_OK);
        t.agree();
        REQUIRE(t.hears("open"));
        const std::string block(64 * 1024, 'x');
        int sent = 0;
        while (t.ws->send(WsOpcode::binary, block) == MH_OK && sent < 1000) sent++;
        CHECK(sent > 2);
        CHECK(sent < 1000);
        CHECK(t.rig.until([&] {
            char part[64 * 1024];
            while (recv(t.peer, part, sizeof part, 0) > 0) {
            }
            return t.ws->send(WsOpcode::text, "room") == MH_OK;
        }));
    }
}
