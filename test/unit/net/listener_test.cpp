// SPDX-License-Identifier: Apache-2.0
#include "net/listener.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <set>

#include "sockets.hpp"

using namespace microhost;
using namespace microhost::net;
using namespace microhost::net::test;

namespace {

// A socket as another process would have it: this process has no record of it.
Fd foreign(const char* address, bool reuse_port) {
    Address at = Address::parse(address).value();
    Fd f(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    int one = 1;
    ::setsockopt(f.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (reuse_port) ::setsockopt(f.fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    REQUIRE(::bind(f.fd, at.get(), at.len) == 0);
    REQUIRE(::listen(f.fd, 8) == 0);
    return f;
}

struct Fds {
    explicit Fds(std::vector<int> v) : all(std::move(v)) {}
    ~Fds() {
        for (int fd : all) ::close(fd);
    }
    std::vector<int> all;
};

}  // namespace

TEST_SUITE("host/net") {
    TEST_CASE("a taken port is an error that names it, also when its owner shares ports") {
        for (const char* address : {"127.0.0.1:0", "0.0.0.0:0", "[::]:0"}) {
            for (bool shares : {false, true}) {
                CAPTURE(address);
                CAPTURE(shares);
                Fd other = foreign(address, shares);
                Address at = local_address(other.fd);
                for (bool reuse_port : {true, false}) {
                    auto r = open_listener(at, {.reuse_port = reuse_port});
                    REQUIRE_FALSE(r.has_value());
                    CHECK(r.error().what.find(at.text() + ": the address is in use") !=
                          std::string::npos);
                }
                other.close();
                Fd now(open_listener(at, {}).value());
            }
        }
    }

    TEST_CASE("every loop has its own socket for the port, and the kernel spreads connections") {
        Fds four(open_listeners(Address::parse("127.0.0.1:0").value(), {}, 4).value());
        REQUIRE(four.all.size() == 4);
        const Address at = local_address(four.all[0]);
        CHECK(at.port() != 0);
        for (int fd : four.all) CHECK(local_address(fd).text() == at.text());
        std::vector<Fd> clients;
        for (int i = 0; i < 200; i++) {
            clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            REQUIRE(::connect(clients.back().fd, at.get(), at.len) == 0);
        }
        int accepted = 0;
        for (int fd : four.all) {
            int here = 0;
            for (;;) {
                Fd one(::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
                if (one.fd < 0) break;
                here++;
            }
            CHECK(here > 10);
            accepted += here;
        }
        CHECK(accepted == 200);
    }

    TEST_CASE("a port that we gave back is nobody's, even while its connections live") {
        Address at;
        Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), accepted;
        {
            Fds two(
                open_listeners(Address::parse("127.0.0.1:0").value(), {.backlog = 5}, 2).value());
            at = local_address(two.all[0]);
            REQUIRE(::connect(client.fd, at.get(), at.len) == 0);
            for (int fd : two.all)
                if (accepted.fd < 0) accepted = Fd(::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
            REQUIRE(accepted.fd >= 0);
        }
        {
            Fd other = foreign(at.text().c_str(), true);
            CHECK_FALSE(open_listener(at, {}).has_value());
        }
        Fd again(open_listener(at, {}).value());
    }

    TEST_CASE("a socket file that is left over is replaced, a living one is not") {
        Folder folder;
        const std::string path = folder.file("s");
        const Address at = Address::parse("unix:" + path).value();
        Fd first(open_listener(at, {.unix_mode = 0600}).value());
        struct stat s {};
        REQUIRE(::stat(path.c_str(), &s) == 0);
        CHECK((s.st_mode & 0777) == 0600);
        auto taken = open_listener(at, {});
        REQUIRE_FALSE(taken.has_value());
        CHECK(taken.error().what.find(path) != std::string::npos);
        first.close();  // as a process that died: the file stays
        REQUIRE(::stat(path.c_str(), &s) == 0);
        Fd second(open_listener(at, {}).value());
        REQUIRE(::stat(path.c_str(), &s) == 0);
        CHECK((s.st_mode & 0777) == 0660);
    }

    TEST_CASE("a file in the place of a unix socket is not removed") {
        Folder folder;
        const std::string path = folder.file("letter");
        std::ofstream(path) << "dear";
        auto r = open_listener(Address::parse("unix:" + path).value(), {});
        REQUIRE_FALSE(r.has_value());
        CHECK(r.error().what.find(path) != std::string::npos);
        CHECK(std::filesystem::file_size(path) == 4);
    }

    TEST_CASE("a unix socket serves several loops from one queue") {
        Folder folder;
        const Address at = Address::parse("unix:" + folder.file("s")).value();
        Fds three(open_listeners(at, {}, 3).value());
        REQUIRE(three.all.size() == 3);
        auto client = connect(at, nullptr, "");
        REQUIRE(client.has_value());
        Fd one = accept_one(three.all[2]);
        CHECK(one.fd >= 0);
    }

    TEST_CASE("what cannot be bound is an error that names the address") {
        auto r = open_listener(Address::parse("192.0.2.1:0").value(), {});  // not ours: RFC 5737
        REQUIRE_FALSE(r.has_value());
        CHECK(r.error().what.find("192.0.2.1:0") != std::string::npos);
        CHECK_FALSE(
            open_listener(Address::parse("unix:/none/such/folder").value(), {}).has_value());
    }

    TEST_CASE("sockets of the service manager are adopted and found by address") {
        Fd tcp = foreign("127.0.0.1:0", false), every = foreign("0.0.0.0:0", false);
        const Address at = local_address(tcp.fd), any = local_address(every.fd);
        int last = std::max(tcp.fd, every.fd);
        ::setenv("LISTEN_FDS", std::to_string(last - 2).c_str(), 1);
        ::setenv("LISTEN_PID", std::to_string(::getpid() + 1).c_str(), 1);
        CHECK(adopted_listeners().empty());
        CHECK_FALSE(::getenv("LISTEN_FDS"));
        ::setenv("LISTEN_FDS", std::to_string(last - 2).c_str(), 1);
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        auto fds = adopted_listeners();
        CHECK_FALSE(::getenv("LISTEN_PID"));
        CHECK(fds.size() >= 2);
        CHECK((::fcntl(tcp.fd, F_GETFL) & O_NONBLOCK) != 0);
        CHECK(take_adopted(fds, Address::parse("127.0.0.1:1").value(), "").empty());
        CHECK(take_adopted(fds, at, "") == std::vector<int>{tcp.fd});
        CHECK(take_adopted(fds, at, "").empty());
        Address six = Address::parse("[::]:" + std::to_string(any.port())).value();
        CHECK(take_adopted(fds, six, "") == std::vector<int>{every.fd});
        for (const char* wrong : {"", "x", "-1", "3x", "99999999999"}) {
            ::setenv("LISTEN_FDS", wrong, 1);
            ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
            CHECK(adopted_listeners().empty());
        }
        Fds spread(spread_listeners({::dup(tcp.fd)}, {}, 3).value());
        CHECK(spread.all.size() == 3);
        Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::connect(client.fd, at.get(), at.len) == 0);
        CHECK(accept_one(spread.all[1]).fd >= 0);
    }

    TEST_CASE("sockets that share a port are adopted together, by name where the port was open") {
        const Address open = Address::parse("127.0.0.1:0").value();
        std::vector<int> fds = open_listeners(open, {}, 3).value();
        const Address at = local_address(fds[0]);
        std::vector<Adopted> adopted;
        for (int fd : fds) adopted.push_back({fd, "edge"});
        CHECK(take_adopted(adopted, open, "other").empty());
        CHECK(take_adopted(adopted, open, "edge") == fds);
        CHECK(adopted.empty());
        // More loops than sockets: the rest is opened; fewer: none is lost.
        Fds more(spread_listeners(fds, {}, 4).value());
        CHECK(more.all.size() == 4);
        CHECK(local_address(more.all[3]).text() == at.text());
        CHECK(spread_listeners(more.all, {}, 2).value() == more.all);
    }
}
