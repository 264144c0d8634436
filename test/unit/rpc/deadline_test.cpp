// SPDX-License-Identifier: Apache-2.0
// Deadlines that come from the request for which a call is made.
#include "../http/loop_rig.hpp"
#include "http/exchange.hpp"
#include "rig.hpp"
#include "rpc/call.hpp"

using namespace microhost;

TEST_SUITE("host/rpc") {
    TEST_CASE(
        "a client's Timeout shortens the call that is made for it, whatever the module says") {
        http::LoopRig rig;
        rpc::Engine engine(rig.engine, 7);
        engine.adopt_thread();
        // The kernel takes the connection, and nobody answers.
        const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&at), size) == 0);
        REQUIRE(listen(listener, 1) == 0);
        REQUIRE(getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) == 0);
        const std::string address = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));

        mh_status ended = MH_PENDING;
        mh_rpc_sink sink{};
        sink.size = sizeof sink;
        sink.on_end = [](void* user, mh_rpc_call*, mh_status s, mh_str) {
            *static_cast<mh_status*>(user) = s;
        };
        rig.answer = [&](mh_req* r) {
            mh_rpc_target to{};
            to.size = sizeof to;
            to.address = rpc::test::str(address);
            to.endpoint = rpc::test::str("Say.Hello");
            to.timeout_ms = 60'000;
            rpc::Call* call = engine.take();
            CHECK(call->open(nullptr, &http::Exchange::of(r), to, sink, &ended) == MH_OK);
            CHECK(call->send("{}", true) == MH_OK);
            return MH_OK;
        };
        rig.send("GET / HTTP/1.1\r\nHost: a\r\nTimeout: 100000000\r\n\r\n");  // nanoseconds
        CHECK(rig.until([&] { return ended != MH_PENDING; }));
        CHECK(ended == MH_E_TIMEOUT);
        close(listener);
        rig.leave();
        rig.until([&] { return rig.done == 1; });
    }
}
