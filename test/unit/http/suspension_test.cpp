// SPDX-License-Identifier: Apache-2.0
// A handler that suspends and answers later, alone and with a filter that does the same to its answer.
#include <doctest/doctest.h>

#include "http/abi_request.hpp"
#include "loop_rig.hpp"

using namespace microhost::http;

namespace {

/// A handler that answers in what it has posted.
struct Later {
    LoopRig rig;
    mh_token token = 0;
    mh_req* request = nullptr;
    static inline int cancelled;

    Later() {
        cancelled = 0;
        rig.answer = [this](mh_req* r) {
            request = r;
            token = kRequestTable.suspend(r, 5'000);
            return MH_PENDING;
        };
        rig.handler.on_cancel = [](void*, void*, mh_req*, mh_token, mh_status) { cancelled++; };
    }
    void ask() {
        rig.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        REQUIRE(rig.until([&] { return token != 0; }));
    }
    mh_status answer() {
        const mh_seg body = seg("late");
        return kRequestTable.respond(request, 200, nullptr, 0, &body, 1);
    }
};

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("a suspended handler that answers is not told that its suspension was cancelled") {
        Later later;
        later.ask();
        CHECK(later.answer() == MH_OK);
        CHECK(kRequestTable.resume(later.token, MH_V_CONTINUE) != MH_OK);
        CHECK(later.rig.receive_until("late"));
        CHECK(later.rig.done == 1);
        CHECK(later.cancelled == 0);
    }

    TEST_CASE("a response filter can suspend what a suspended handler answered") {
        static mh_token token;
        token = 0;
        mh_http_filter filter{};
        filter.size = sizeof filter;
        filter.on_response = [](void*, mh_req* r, uint32_t, const mh_header*,
                                uint32_t) -> mh_verdict {
            token = kRequestTable.suspend(r, 5'000);
            return token ? MH_V_PENDING : MH_V_FAIL;
        };
        Later later;
        FilterLink link;
        link.filter = &filter;
        link.interests = later.rig.program.interests = MH_I_RESPONSE;
        link.name = "thinker";
        later.rig.program.chain.push_back(link);
        later.ask();
        CHECK(later.answer() == MH_OK);
        REQUIRE(token);
        CHECK(kRequestTable.resume(token, MH_V_CONTINUE) == MH_OK);
        CHECK(later.rig.receive_until("200 OK"));
        CHECK(later.cancelled == 0);
    }
}
