// SPDX-License-Identifier: Apache-2.0
#include "supervise/channel.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervise/safe_text.hpp"

using namespace microhost::supervise;

namespace {

struct Pair {
    Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0); }
    ~Pair() {
        for (int fd : ends)
            if (fd >= 0) ::close(fd);
    }
    int ends[2];
};

}  // namespace

TEST_SUITE("host/supervise") {
    TEST_CASE("messages keep their borders, their fields and their descriptors") {
        Pair p;
        int pipe[2];
        REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
        REQUIRE(send_message(p.ends[0], "socket", {"127.0.0.1:80", "edge"}, pipe[1]));
        REQUIRE(send_message(p.ends[0], "ready"));
        REQUIRE(send_message(p.ends[0], "failed", {"two\nlines", ""}));
        ::close(pipe[1]);
        Message m;
        REQUIRE(receive_message(p.ends[1], m) == Got::message);
        CHECK(m.verb == "socket");
        CHECK(m.fields == std::vector<std::string>{"127.0.0.1:80", "edge"});
        REQUIRE(m.fd >= 0);
        CHECK((::fcntl(m.fd, F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(::write(m.fd, "x", 1) == 1);
        char c = 0;
        CHECK(::read(pipe[0], &c, 1) == 1);
        ::close(m.fd);
        ::close(pipe[0]);
        REQUIRE(receive_message(p.ends[1], m) == Got::message);
        CHECK(m.verb == "ready");
        CHECK(m.fields.empty());
        CHECK(m.fd == -1);
        REQUIRE(receive_message(p.ends[1], m) == Got::message);
        CHECK(m.field(0) == "two lines");
        CHECK(m.field(7).empty());
        CHECK(receive_message(p.ends[1], m) == Got::nothing);
        ::close(p.ends[0]);
        p.ends[0] = -1;
        CHECK(receive_message(p.ends[1], m) == Got::end);
        CHECK_FALSE(send_message(p.ends[1], "alive", {"0"}));
    }

    TEST_CASE("a text for signal handlers is cut where its room ends") {
        SafeText<16> t;
        t.add("a=").number(0).add(" b=").hex(0xbeef);
        CHECK(t.view() == "a=0 b=0xbeef");
        t.add("and more");
        CHECK(t.view() == "a=0 b=0xbeefand ");
        SafeText<32> largest;
        CHECK(largest.number(UINT64_MAX).view() == "18446744073709551615");
    }
}
