// SPDX-License-Identifier: Apache-2.0
#include "http/websocket_handshake.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "http/names.hpp"

using namespace microhost::http;

namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";

RequestHead asking(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    RequestHead head;
    head.upgrade_websocket = true;
    for (auto [name, value] : fields) {
        const uint32_t id = header_id(name);
        head.headers.fields[head.headers.count++] = {str(name), str(value), id, 0};
        if (id) head.headers.mark(id);
    }
    return head;
}

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("the accept key is the one of RFC 6455 section 1.3") {
        CHECK(websocket_accept(kKey) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    TEST_CASE("only a correct request for a websocket is accepted") {
        const std::pair<std::string_view, std::string_view> version{"Sec-WebSocket-Version", "13"},
            key{"Sec-WebSocket-Key", kKey}, chat{"Sec-WebSocket-Protocol", "soap, chat"};
        CHECK(check_handshake(asking({version, key}), "") == Handshake::good);
        CHECK(check_handshake(asking({version, key, chat}), "chat") == Handshake::good);
        CHECK(check_handshake(asking({version, key, chat}), "") == Handshake::good);
        CHECK(check_handshake(asking({version, key, chat}), "Chat") == Handshake::malformed);
        CHECK(check_handshake(asking({version, key}), "chat") == Handshake::malformed);
        CHECK(check_handshake(asking({key}), "") == Handshake::wrong_version);
        CHECK(check_handshake(asking({key, {"Sec-WebSocket-Version", "8"}}), "") ==
              Handshake::wrong_version);
        CHECK(check_handshake(asking({version, version, key}), "") == Handshake::wrong_version);
        CHECK(check_handshake(asking({version}), "") == Handshake::malformed);
        CHECK(check_handshake(asking({version, key, key}), "") == Handshake::malformed);
        for (std::string_view bad :
             {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ=a",
              "dGhlIHNhbXBsZSBub25j!Q==", "dGhlIHNhbXBsZSBub25jZSBsb25nZXI="})
            CHECK(check_handshake(asking({version, {"Sec-WebSocket-Key", bad}}), "") ==
                  Handshake::malformed);
        RequestHead plain = asking({version, key});
        plain.upgrade_websocket = false;
        CHECK(check_handshake(plain, "") == Handshake::malformed);
    }

    TEST_CASE("a client believes only the answer to its own key, without what it did not ask for") {
        const std::string right = websocket_accept(kKey);
        struct Row {
            const char* what;
            std::vector<std::pair<std::string_view, std::string_view>> fields;
            bool good;
            const char* protocol = "";
        };
        const std::pair<std::string_view, std::string_view> upgrade{"Upgrade", "WebSocket"},
            connection{"Connection", "keep-alive, upgrade"}, accept{"Sec-WebSocket-Accept", right};
        const std::vector<Row> rows = {
            {"good", {upgrade, connection, accept}, true},
            {"a subprotocol",
             {upgrade, connection, accept, {"Sec-WebSocket-Protocol", "chat"}},
             true,
             "chat"},
            {"no upgrade", {connection, accept}, false},
            {"another upgrade", {{"Upgrade", "h2c"}, connection, accept}, false},
            {"no connection", {upgrade, accept}, false},
            {"no accept", {upgrade, connection}, false},
            {"two accepts", {upgrade, connection, accept, accept}, false},
            {"another accept", {upgrade, connection, {"Sec-WebSocket-Accept", "x"}}, false},
            {"an extension",
             {upgrade, connection, accept, {"Sec-WebSocket-Extensions", "permessage-deflate"}},
             false},
            {"another subprotocol",
             {upgrade, connection, accept, {"Sec-WebSocket-Protocol", "soap"}},
             false},
            {"two subprotocols",
             {upgrade,
              connection,
              accept,
              {"Sec-WebSocket-Protocol", "chat"},
              {"Sec-WebSocket-Protocol", "talk"}},
             false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.what);
            ResponseHead head;
            head.status = 101;
            for (auto [name, value] : row.fields) {
                const uint32_t id = header_id(name);
                head.headers.fields[head.headers.count++] = {str(name), str(value), id, 0};
                if (id) head.headers.mark(id);
            }
            std::string_view protocol;
            CHECK((check_switch(head, kKey, "talk, chat", &protocol) == nullptr) == row.good);
            if (row.good) CHECK(protocol == row.protocol);
        }
    }

    TEST_CASE("keys are 16 random bytes") {
        const std::string one = websocket_key(), other = websocket_key();
        CHECK(check_handshake(asking({{"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", one}}),
                              "") == Handshake::good);
        CHECK(one != other);
    }

    TEST_CASE("a server may say in seconds or with a date how long to stay away") {
        const int64_t now = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
        CHECK(retry_after_s("30", now) == 30);
        CHECK(retry_after_s("Sun, 06 Nov 1994 08:50:37 GMT", now) == 60);
        CHECK(retry_after_s("Sun, 06 Nov 1994 08:48:37 GMT", now) == 0);
        for (const char* bad : {"", "soon", "-3", "3 s", "1e9", "99999999999999999999"})
            CHECK(retry_after_s(bad, now) == 0);
        CHECK(retry_after_s("99999999", now) == 7 * 24 * 3600);
    }
}
