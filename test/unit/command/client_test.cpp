// SPDX-License-Identifier: Apache-2.0
#include "command/client.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <thread>

using namespace microhost::command;

namespace {

/// RUNTIME/instances/one/control.sock, which answers one request with fixed bytes.
struct Instances {
    std::string folder = (std::filesystem::temp_directory_path() / "mh-client-XXXXXX").string();
    std::string socket;
    int fd = -1;
    std::thread thread;

    Instances() {
        REQUIRE(mkdtemp(folder.data()));
        socket = folder + "/instances/one/control.sock";
        std::filesystem::create_directories(folder + "/instances/one");
        std::filesystem::create_directories(folder + "/instances/empty");
        fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::strncpy(at.sun_path, socket.c_str(), sizeof at.sun_path - 1);
        REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
        REQUIRE(::listen(fd, 8) == 0);
    }
    ~Instances() {
        if (thread.joinable()) thread.join();
        if (fd >= 0) ::close(fd);
        std::filesystem::remove_all(folder);
    }
    void answer(std::string bytes) {
        thread = std::thread([this, bytes = std::move(bytes)] {
            const int s = ::accept(fd, nullptr, nullptr);
            char request[4096];
            CHECK(::recv(s, request, sizeof request, 0) > 0);
            CHECK(::send(s, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                  static_cast<ssize_t>(bytes.size()));
            ::close(s);
        });
    }
};

}  // namespace

TEST_SUITE("host/command") {
    TEST_CASE("instances that take a connection are found, others are not") {
        Instances i;
        auto all = running_instances({i.folder, "/nonexistent"});
        REQUIRE(all.size() == 1);
        CHECK(all[0].name == "one");
        ::close(std::exchange(i.fd, -1));
        CHECK(running_instances({i.folder}).empty());
    }

    TEST_CASE("a good reply is streamed, another is kept") {
        Instances i;
        i.answer(
            "HTTP/1.1 200 OK\r\nContent-Type: Application/X-NDJSON; a=b\r\nX: y\r\n\r\nline\n");
        std::string got;
        auto r = ask(i.socket, "POST", "/", "{}", [&](std::string_view p, bool) { got += p; });
        REQUIRE(r.has_value());
        CHECK(got == "line\n");
        CHECK(r->body.empty());
        i.thread.join();
        i.answer("HTTP/1.1 403 Forbidden\r\n\r\n{\"detail\":\"no\"}");
        r = ask(i.socket, "POST", "/", "{}", [&](std::string_view p, bool) { got += p; });
        REQUIRE(r.has_value());
        CHECK(r->status == 403);
        CHECK(detail_of(*r) == "no");
        CHECK(got == "line\n");
    }

    TEST_CASE("what is no HTTP and what is not there are errors that name the socket") {
        Instances i;
        i.answer("220 mail.example ESMTP\r\n\r\n");
        auto r = ask(i.socket, "GET", "/");
        REQUIRE_FALSE(r.has_value());
        CHECK(r.error().what == i.socket + ": no HTTP answer");
        r = ask(i.folder + "/nothing", "GET", "/");
        REQUIRE_FALSE(r.has_value());
        CHECK(r.error().what.starts_with(i.folder + "/nothing: No such file"));
    }
}
