// SPDX-License-Identifier: Apache-2.0
// A handler that wants the request's body whole, up to a limit.
#include <doctest/doctest.h>

#include "http/abi_request.hpp"
#include "loop_rig.hpp"

using namespace microhost::http;

namespace {

/// A handler that collects `most` bytes and answers 200, or 413 when that was too little.
struct Collector {
    LoopRig rig;
    mh_status status = MH_PENDING;
    std::string body;

    explicit Collector(uint64_t most) {
        rig.answer = [this, most](mh_req* r) {
            return kRequestTable.collect(
                r, most,
                [](mh_req* q, void* user, mh_status s, mh_seg whole) {
                    auto* c = static_cast<Collector*>(user);
                    c->status = s;
                    c->body = view(whole);
                    kRequestTable.respond(q, s == MH_OK ? 200 : 413, nullptr, 0, nullptr, 0);
                },
                this);
        };
    }
    void ask(const std::string& fields, const std::string& sent) {
        rig.send("POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + sent);
        REQUIRE(rig.until([&] { return status != MH_PENDING; }));
    }
};

const std::string kChunked = "Transfer-Encoding: chunked\r\n";

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("a body that just fits is collected, and one byte more is not") {
        struct Sent {
            std::string fields, body;
        };
        for (const Sent& s : {Sent{"Content-Length: 10\r\n", "0123456789"},
                              Sent{kChunked, "a\r\n0123456789\r\n0\r\n\r\n"},
                              Sent{kChunked, "3\r\n012\r\n7\r\n3456789\r\n0\r\n\r\n"}}) {
            CAPTURE(s.body);
            Collector fits(10);
            fits.ask(s.fields, s.body);
            CHECK(fits.status == MH_OK);
            CHECK(fits.body == "0123456789");
            CHECK(fits.rig.receive_until("200 OK"));
            Collector short_of_one(9);
            short_of_one.ask(s.fields, s.body);
            CHECK(short_of_one.status == MH_E_LIMIT);
            CHECK(short_of_one.rig.receive_until(" 413 "));
        }
    }
}
