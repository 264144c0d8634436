// SPDX-License-Identifier: Apache-2.0
#include "registry/owner.hpp"

#include "child.hpp"

#include <poll.h>

using namespace microhost::registry;
using namespace microhost::registry::test;
using State = OwnerCheck::State;

namespace {
constexpr WallTime kSecond = 1'000'000'000;
}

TEST_SUITE("host/registry/owner") {
    TEST_CASE("a running process can be waited for") {
        Child child;
        auto check = check_owner(child.pid, wall_now());
        REQUIRE(check.state == State::running);
        child.kill();
        pollfd p{check.pidfd.get(), POLLIN, 0};
        CHECK(::poll(&p, 1, 10'000) == 1);
        CHECK(check_owner(child.pid, wall_now()).state == State::gone);  // a zombie
        child.reap();
        CHECK(check_owner(child.pid, wall_now()).state == State::gone);
    }

    TEST_CASE("a process that began after the file was touched is another one with its number") {
        Child child;
        CHECK(check_owner(child.pid, wall_now() - 10 * kSecond).state == State::gone);
        CHECK(check_owner(child.pid, wall_now() + 10 * kSecond).state == State::running);
        CHECK(check_owner(1, wall_now()).state == State::running);
    }
}
