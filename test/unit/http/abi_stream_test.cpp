// SPDX-License-Identifier: Apache-2.0
#include "http/abi_stream.hpp"

#include <doctest/doctest.h>

#include "http/abi_request.hpp"
#include "loop_rig.hpp"

using namespace microhost::http;

namespace {

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

mh_status begin(mh_req* r, const char* length = nullptr, const mh_http_stream_events* e = nullptr,
                void* user = nullptr) {
    const mh_kv h[] = {{str("Content-Length"), str(length ? length : "")}};
    return kStreamTable.begin(r, 200, h, length ? 1 : 0, e, user);
}
mh_status write(mh_req* r, std::string_view text) {
    const mh_seg s = seg(text);
    return kStreamTable.write(r, &s, 1);
}

/// Writes for ever.
struct Flood {
    size_t taken = 0;
    int busy = 0;
    std::string block = std::string(10'000, 'x');
    mh_http_stream_events events{sizeof events, 0,
                                 [](void* user, mh_req* r) { static_cast<Flood*>(user)->pour(r); }};

    void pour(mh_req* r) {
        mh_status s;
        while ((s = write(r, block)) == MH_OK) taken += block.size();
        if (s == MH_E_BUSY) busy++;
    }
};

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("a stream is chunked, ends, and the connection goes on") {
        LoopRig rig([](mh_req* r) {
            CHECK(write(r, "early") == MH_E_GONE);
            CHECK(begin(r) == MH_OK);
            CHECK(begin(r) == MH_E_INVALID);
            CHECK(write(r, "abc") == MH_OK);
            CHECK(write(r, "") == MH_OK);
            const mh_seg many[] = {seg("1"), seg("2"), seg("3"), seg("4"), seg("5"), seg("6")};
            CHECK(kStreamTable.write(r, many, 6) == MH_OK);
            return kStreamTable.end(r);
        });
        rig.send(kGet + kGet);
        REQUIRE(rig.until([&] { return rig.done == 2; }));
        rig.receive();
        const std::string body = "\r\n\r\n3\r\nabc\r\n6\r\n123456\r\n0\r\n\r\n";
        const size_t first = rig.received.find(body);
        REQUIRE(first != std::string::npos);
        CHECK(rig.received.find(body, first + 1) != std::string::npos);
        CHECK(rig.outcome == MH_OK);
    }

    TEST_CASE("a client that does not read makes write() busy and holds no more than the window") {
        Flood flood;
        LoopRig rig([&](mh_req* r) {
            CHECK(begin(r, nullptr, &flood.events, &flood) == MH_OK);
            flood.pour(r);
            return MH_OK;
        });
        rig.send(kGet);
        REQUIRE(rig.until([&] { return flood.busy == 1; }));
        for (int i = 0; i < 20; i++) rig.turn();
        CHECK(flood.busy == 1);
        CHECK(flood.taken < 2'000'000);
        // Reading opens the window, again and again.
        CHECK(rig.until([&] {
            rig.receive(4096);
            return flood.busy > 3;
        }));
        CHECK(flood.taken < rig.received.size() + 2'000'000);
        rig.leave();
        REQUIRE(rig.until([&] { return rig.done == 1; }));
        CHECK(rig.outcome == MH_E_CANCELLED);
    }

    TEST_CASE("a source that never pauses is stopped when its client is gone") {
        size_t taken = 0;
        mh_status last = MH_OK;
        LoopRig rig;
        rig.answer = [&](mh_req* r) {
            CHECK(begin(r) == MH_OK);
            rig.leave();
            while (taken < 100'000 && (last = write(r, "data: 1\n\n")) == MH_OK) taken++;
            CHECK(kStreamTable.end(r) == MH_E_GONE);
            return MH_OK;
        };
        rig.send(kGet);
        REQUIRE(rig.until([&] { return rig.done == 1; }));
        CHECK(last == MH_E_GONE);
        CHECK(taken < 10);
        CHECK(rig.outcome == MH_E_CANCELLED);
    }

    TEST_CASE("an announced length is held to") {
        mh_status ended = MH_OK;
        LoopRig rig([&](mh_req* r) {
            CHECK(begin(r, "5") == MH_OK);
            CHECK(write(r, "123456") == MH_E_INVALID);
            CHECK(write(r, "123") == MH_OK);
            ended = kStreamTable.end(r);
            return MH_OK;
        });
        rig.send(kGet);
        REQUIRE(rig.receive_end());
        CHECK(ended == MH_E_INVALID);
        CHECK(rig.done == 1);
        CHECK(rig.outcome != MH_OK);
    }

    TEST_CASE("HEAD of a stream that never ends is answered at once") {
        LoopRig rig([](mh_req* r) {
            CHECK(begin(r) == MH_OK);
            CHECK(write(r, "nobody sees it") == MH_E_GONE);
            return MH_OK;
        });
        rig.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        REQUIRE(rig.until([&] { return rig.done == 1; }));
        rig.receive();
        CHECK(rig.received.ends_with("\r\n\r\n"));
        CHECK(rig.outcome == MH_OK);
    }

    TEST_CASE("a client that ends its direction ends a stream without a length, and only that") {
        for (const char* length : {"", "9"}) {
            LoopRig rig([&](mh_req* r) {
                CHECK(begin(r, *length ? length : nullptr) == MH_OK);
                return MH_OK;
            });
            rig.send(kGet);
            REQUIRE(rig.receive_until("200 OK"));
            shutdown(rig.client, SHUT_WR);
            if (*length) {
                for (int i = 0; i < 10; i++) rig.turn();
                CHECK(rig.done == 0);
            } else {
                CHECK(rig.until([&] { return rig.done == 1; }));
                CHECK(rig.outcome == MH_E_CANCELLED);
            }
        }
    }

    TEST_CASE("a response filter that thinks holds a stream up, and lets it go on") {
        static mh_token token;
        token = 0;
        mh_http_filter filter{};
        filter.size = sizeof filter;
        filter.on_response = [](void*, mh_req* r, uint32_t, const mh_header*,
                                uint32_t) -> mh_verdict {
            token = kRequestTable.suspend(r, 5'000);
            return MH_V_PENDING;
        };
        Flood flood;
        LoopRig rig([&](mh_req* r) {
            CHECK(begin(r, nullptr, &flood.events, &flood) == MH_OK);
            flood.pour(r);
            return MH_OK;
        });
        FilterLink link;
        link.filter = &filter;
        link.interests = rig.program.interests = MH_I_RESPONSE;
        link.name = "thinker";
        rig.program.chain.push_back(link);
        rig.send(kGet);
        REQUIRE(rig.until([&] { return flood.busy == 1; }));
        rig.receive();
        CHECK(rig.received.empty());
        CHECK(flood.taken < 200'000);
        REQUIRE(token);
        CHECK(kRequestTable.resume(token, MH_V_CONTINUE) == MH_OK);
        REQUIRE(rig.until([&] {
            rig.receive();
            return rig.received.size() > 1'000'000;
        }));
        CHECK(flood.busy > 1);
    }

    TEST_CASE("heads that cannot be sent are refused, and another answer is possible") {
        LoopRig rig([](mh_req* r) {
            const mh_kv bad[] = {{str("X"), str("a\r\nb")}};
            CHECK(kStreamTable.begin(r, 200, bad, 1, nullptr, nullptr) == MH_E_INVALID);
            CHECK(kStreamTable.begin(r, 101, nullptr, 0, nullptr, nullptr) == MH_E_INVALID);
            CHECK(begin(r, "1x") == MH_E_INVALID);
            return MH_E_INVALID;
        });
        rig.send(kGet);
        CHECK(rig.receive_until("500 Internal"));
    }
}
