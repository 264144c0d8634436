// SPDX-License-Identifier: Apache-2.0
#include "net/module_sockets.hpp"

#include "sockets.hpp"

using namespace microhost;
using namespace microhost::net;
using namespace microhost::net::test;

namespace {

struct Given {
    Fd fd;
    Address at;
    std::string text() const { return at.text(); }
};

// As a service manager, or the worker before, would hand it on.
Given listening() {
    Given g;
    g.fd = Fd(open_listener(Address::parse("127.0.0.1:0").value(), {}).value());
    g.at = local_address(g.fd.fd);
    return g;
}

bool refused(const Address& at) {
    const Fd client(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(client.fd, at.get(), at.len) != 0 && errno == ECONNREFUSED;
}

}  // namespace

TEST_SUITE("net/module_sockets") {
    TEST_CASE("a socket that is kept for a module is its own when it asks, and nobody else's") {
        ModuleSockets sockets;
        Given g = listening();
        std::vector<Adopted> adopted{{std::exchange(g.fd.fd, -1), "module/bot"}};
        const int kept = adopted[0].fd;
        sockets.keep(adopted);
        CHECK(adopted.empty());
        CHECK_FALSE(sockets.socket("web", g.text()).has_value());  // in use
        const Result<int> given = sockets.socket("bot", g.text());
        REQUIRE(given.has_value());
        const Fd its(*given);
        CHECK(its.fd == kept);
    }

    TEST_CASE("one that is for a listener of the configuration stays with who adopts those") {
        ModuleSockets sockets;
        const Given g = listening();
        std::vector<Adopted> adopted{{g.fd.fd, "edge"}};
        sockets.keep(adopted);
        CHECK(adopted.size() == 1);
    }

    TEST_CASE("what no module asks for is closed: who connects is refused and does not wait") {
        ModuleSockets sockets;
        Given g = listening();
        std::vector<Adopted> adopted{{std::exchange(g.fd.fd, -1), "module/nobody"}};
        sockets.keep(adopted);
        CHECK_FALSE(refused(g.at));
        sockets.forget_kept();
        CHECK(refused(g.at));
    }
}
