// SPDX-License-Identifier: Apache-2.0
#include "control/control.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <semaphore>
#include <thread>

#include "control/census.hpp"
#include "json/document.hpp"
#include "rig.hpp"

using namespace microhost;
using namespace microhost::control;

namespace {

struct Folder {
    std::string path;
    Folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "control-test-XXXXXX";
        path = mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path); }
};

/// A Control and a client, both on this thread.
struct Served {
    Folder folder;
    Rig rig;
    std::string socket = folder.path + "/control.sock";
    Control control;

    explicit Served(std::vector<Loop*> loops = {})
        : rig(static_cast<unsigned>(loops.size())), control(rig.sources(loops, socket)) {
        REQUIRE(control.open().has_value());
        control.set_ready(true);
    }

    int connect() const {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::strncpy(at.sun_path, socket.c_str(), sizeof at.sun_path - 1);
        int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
        return fd;
    }
    /// The whole answer, head and body.
    std::string ask(std::string_view method, std::string_view target) {
        int fd = connect();
        std::string request =
            fmt::format("{} {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method, target);
        REQUIRE(write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size()));
        std::string got;
        char part[4096];
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        for (;;) {
            REQUIRE(std::chrono::steady_clock::now() < limit);
            rig.loop.turn(5);
            ssize_t n = read(fd, part, sizeof part);
            if (n > 0) got.append(part, static_cast<size_t>(n));
            if (n == 0) break;
        }
        close(fd);
        return got;
    }
    std::string body(std::string_view target) {
        std::string all = ask("GET", target);
        return all.substr(all.find("\r\n\r\n") + 4);
    }
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_SUITE("host/control") {
    TEST_CASE("every page of the index answers with its type") {
        Served s;
        const struct {
            const char *target, *status, *type;
        } cases[] = {
            {"/", "200", "application/json"},
            {"/healthz", "200", "text/plain; charset=utf-8"},
            {"/readyz", "200", "text/plain; charset=utf-8"},
            {"/readyz?verbose", "200", "text/plain; charset=utf-8"},
            {"/metrics", "200", "text/plain; version=0.0.4; charset=utf-8"},
            {"/metrics?x=y", "200", "text/plain; version=0.0.4; charset=utf-8"},
            {"/v1/modules", "200", "application/json"},
            {"/v1/listeners", "200", "application/json"},
            {"/v1/filters", "200", "application/json"},
            {"/v1/registry", "200", "application/json"},
            {"/v1/services", "200", "application/json"},
            {"/nowhere", "404", "application/json"},
            {"/healthz/", "404", "application/json"},
        };
        for (const auto& c : cases) {
            CAPTURE(c.target);
            const std::string answer = s.ask("GET", c.target);
            CHECK(has(answer, std::string("HTTP/1.1 ") + c.status));
            CHECK(has(answer, std::string("Content-Type: ") + c.type + "\r\n"));
            const std::string body = answer.substr(answer.find("\r\n\r\n") + 4);
            if (std::string_view(c.type) == "application/json")
                CHECK(json::Document::parse(body).has_value());
        }
    }

    TEST_CASE("HEAD has the head alone, other methods are refused") {
        Served s;
        const std::string head = s.ask("HEAD", "/healthz");
        CHECK(has(head, "200 OK"));
        CHECK(has(head, "Content-Length: 3\r\n"));
        CHECK(head.ends_with("\r\n\r\n"));
        for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
            const std::string answer = s.ask(method, "/healthz");
            CHECK(has(answer, "405 Method Not Allowed"));
            CHECK(has(answer, "Allow: GET, HEAD\r\n"));
            CHECK(has(answer, "\"code\":405"));
        }
    }

    TEST_CASE("only the owner may connect to the socket, and its file goes when it closes") {
        Served s;
        struct stat file {};
        REQUIRE(stat(s.socket.c_str(), &file) == 0);
        CHECK((file.st_mode & 0777) == 0600);
        s.control.close();
        CHECK(stat(s.socket.c_str(), &file) != 0);
    }

    TEST_CASE("readiness follows the life of the process while health does not") {
        Served s;
        CHECK(s.body("/readyz") == "ready\n");
        s.control.set_draining();
        CHECK(has(s.ask("GET", "/readyz"), "503"));
        CHECK(has(s.body("/readyz?verbose"), "[-]draining the process is stopping\n"));
        CHECK(s.body("/healthz") == "ok\n");
    }

    TEST_CASE("pages are made although a loop hangs") {
        Loop hanging(0);  // nobody turns it
        Served s({&hanging});
        CHECK(has(s.ask("GET", "/readyz"), "200 OK"));
        CHECK(has(s.body("/metrics"), "microhost_loop_turns_total{loop=\"0\"} 0\n"));
        CHECK(has(s.body("/v1/listeners"), "\"name\":\"edge\""));
        hanging.close_queue();
    }

    TEST_CASE("figures of a loop that turns come from it") {
        Loop loop(0);
        std::thread thread([&] { loop.run(); });
        {
            Folder folder;
            Rig rig(1);
            Sources from = rig.sources({&loop}, folder.path + "/control.sock");
            std::binary_semaphore asked(0);
            from.each_site = [&](unsigned index, const std::function<void(const http::Site&)>& fn) {
                CHECK(index == 0);
                http::Program program;
                http::Site site;
                site.program = &program;
                site.listener = "edge";
                site.pins = 7;
                fn(site);
                asked.release();
            };
            Census census(rig.loop, from.loops, from.each_site);
            bool told = false;
            census.ask(true, [&] { told = true; });
            asked.acquire();
            while (!told) rig.loop.turn(5);
            CHECK(census.total().connections["edge"] == 7);
        }
        loop.stop();
        thread.join();
    }

    TEST_CASE("a connection that is open when the socket closes is ended") {
        Served s;
        int fd = s.connect();
        s.rig.loop.turn(5);
        CHECK(s.rig.http.connections.size() == 1);
        s.control.close();
        s.rig.loop.turn(5);
        CHECK(s.rig.http.connections.empty());
        char c;
        CHECK(read(fd, &c, 1) <= 0);
        close(fd);
    }

    TEST_CASE("a socket that cannot be opened is one sentence with its place") {
        Rig rig;
        Control control(rig.sources({}, "/nowhere/at/all/control.sock"));
        Result<> r = control.open();
        REQUIRE(r.has_error());
        CHECK(has(r.error().what, "control socket"));
        CHECK(has(r.error().what, "/nowhere/at/all/control.sock"));
    }

    TEST_CASE("an address of TCP answers as well, at the port that it got") {
        Rig rig;
        Folder folder;
        Sources from = rig.sources({}, folder.path + "/control.sock");
        from.tcp_address = "127.0.0.1:0";
        Control control(std::move(from));
        REQUIRE(control.open().has_value());
        CHECK(control.tcp_address().starts_with("127.0.0.1:"));
        CHECK_FALSE(control.tcp_address().ends_with(":0"));
    }
}
