// SPDX-License-Identifier: Apache-2.0
#include "http/websocket_handshake.hpp"

#include <doctest/doctest.h>

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
}
