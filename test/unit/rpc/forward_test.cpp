// SPDX-License-Identifier: Apache-2.0
#include "http/exchange.hpp"
#include "rig.hpp"
#include "rpc/abi_forward.hpp"

using namespace microhost;
using namespace microhost::rpc::test;

TEST_SUITE("host/rpc") {
    TEST_CASE("forwarding to what cannot be reached begins nothing and says which it is") {
        Rig rig;
        mh_rpc_service descriptor{};
        rig.engine.set_local({{&descriptor, nullptr, nullptr, "inside"}});
        rig.node("gone", "n", 9);
        rig.feed.withdraw("gone", "n");
        rig.publish();
        rig.node("secure", "n", 9, {{"protocol", "http"}, {"secure", "true"}});
        struct Row {
            const char *address, *service;
            uint32_t flags;
            mh_status expected;
        };
        const Row rows[] = {{"", "", 0, MH_E_INVALID},
                            {"", "nobody", 0, MH_E_NOT_FOUND},
                            {"", "gone", 0, MH_E_UNAVAILABLE},
                            {"", "inside", 0, MH_E_UNSUPPORTED},
                            {"", "secure", 0, MH_E_UNREACHABLE},
                            {"upstream.example:80", "", 0, MH_E_UNREACHABLE},
                            {"no port", "", 0, MH_E_INVALID},
                            {"127.0.0.1:9", "", MH_FORWARD_TLS, MH_E_UNSUPPORTED}};
        http::Exchange* x = rig.http.take();
        for (const Row& row : rows) {
            CAPTURE(row.address);
            CAPTURE(row.service);
            mh_http_forward_to to{};
            to.size = sizeof to;
            to.address = str(row.address);
            to.service = str(row.service);
            to.flags = row.flags;
            CHECK(rpc::kForwardTable.forward(x, &to) == row.expected);
        }
        CHECK(rpc::kForwardTable.forward(x, nullptr) == MH_E_INVALID);
        CHECK(rpc::kForwardTable.forward(nullptr, nullptr) == MH_E_INVALID);
        const auto& node = rig.engine.snapshot().find("secure")->nodes[0];
        CHECK(rig.engine.selector.state(node)->outstanding == 0);
        rig.http.recycle(x);
        rig.loop.turn(0);
    }
}
