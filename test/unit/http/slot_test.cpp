// SPDX-License-Identifier: Apache-2.0
// What filters and the handler keep for a request: each its own, and nothing of the request before.
#include <doctest/doctest.h>

#include <vector>

#include "http/abi_request.hpp"
#include "loop_rig.hpp"

using namespace microhost::http;

namespace {

/// What each hook finds in its slot, in order; it leaves its own shard there.
struct Found {
    static inline std::vector<void*> on_request, on_done;
    static void leave(mh_req* r, void* shard) {
        void** slot = kRequestTable.slot(r);
        on_request.push_back(*slot);
        *slot = shard;
    }
};

mh_http_filter keeper() {
    mh_http_filter f{};
    f.size = sizeof f;
    f.on_request = [](void* shard, mh_req* r, const mh_header*, uint32_t) -> mh_verdict {
        Found::leave(r, shard);
        return MH_V_CONTINUE;
    };
    f.on_done = [](void*, mh_req* r, mh_status) {
        Found::on_done.push_back(*kRequestTable.slot(r));
    };
    return f;
}

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("a slot is its filter's own, and empty for every request") {
        Found::on_request.clear();
        Found::on_done.clear();
        int first = 1, last = 2, handler = 3;
        const mh_http_filter filter = keeper();
        LoopRig rig([&](mh_req* r) {
            Found::leave(r, &handler);
            CHECK(*kRequestTable.slot(r) == &handler);
            return kRequestTable.respond(r, 204, nullptr, 0, nullptr, 0);
        });
        // As many as there may be: the last one's is not the handler's.
        for (unsigned i = 0; i < Program::kMaxFilters; i++) {
            FilterLink link;
            link.filter = &filter;
            link.interests = i == 0 || i + 1 == Program::kMaxFilters ? MH_I_REQUEST | MH_I_DONE : 0;
            link.shard = i == 0 ? &first : &last;
            rig.program.interests |= link.interests;
            rig.program.chain.push_back(link);
        }
        for (int i = 1; i <= 2; i++) {
            rig.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            REQUIRE(rig.until([&] { return rig.done == i; }));
        }
        CHECK(Found::on_request == std::vector<void*>(6, nullptr));
        CHECK(Found::on_done == std::vector<void*>{&first, &last, &first, &last});
    }
}
