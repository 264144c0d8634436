// SPDX-License-Identifier: Apache-2.0
#include "registry/publisher.hpp"

#include "child.hpp"
#include "directory_rig.hpp"

using namespace microhost::registry;
using namespace microhost::registry::test;
using namespace std::chrono_literals;

namespace {

timespec touched(const std::string& path) {
    struct stat st {};
    REQUIRE(::stat(path.c_str(), &st) == 0);
    return st.st_mtim;
}

struct Office : Rig {
    Office() : Rig(true, kNever) {}
    std::vector<std::string> complaints;
    std::unique_ptr<Publisher> publisher = std::make_unique<Publisher>(
        io, dir.path + "/run", [this](std::string_view text) { complaints.emplace_back(text); });
};

}  // namespace

TEST_SUITE("host/registry/publisher") {
    TEST_CASE("what is published is seen, what is withdrawn is gone") {
        Office o;
        Service s = service("a", "1.2.3", {node("a/1", "[::1]:80", {{"protocol", "mucp"}})});
        s.endpoints = {Endpoint{.name = "Say.Hello", .request = Value{"Request", "Request", {}}}};
        REQUIRE(o.publisher->publish(s, 60s, ::getpid()).has_value());
        CHECK(o.comes("a"));
        CHECK(o.table.snapshot()->find("a")->versions[0] == s);
        CHECK(std::filesystem::exists(o.folder() + "/a%2F1.json"));
        o.publisher->withdraw("a/1");
        o.publisher->withdraw("a/1");
        o.publisher->withdraw("never");
        CHECK(o.goes("a"));
        CHECK(std::filesystem::is_empty(o.folder()));
    }

    TEST_CASE("the folder is made if need be") {
        TempDir dir;
        boost::asio::io_context io;
        Publisher p(io, dir.path + "/x/y", [](auto) {});
        REQUIRE(p.publish(service("a", "1", {node("n")}), 60s, 0).has_value());
        CHECK(std::filesystem::exists(dir.path + "/x/y/registry/v1/n.json"));
    }

    TEST_CASE("publishing a node again replaces it, whole") {
        Office o;
        REQUIRE(o.publisher->publish(service("a", "1", {node("n")}), 60s, 0).has_value());
        CHECK(o.comes("a"));
        REQUIRE(o.publisher->publish(service("a", "2", {node("n")}), 60s, 0).has_value());
        CHECK(o.until([&] { return o.table.snapshot()->find("a")->versions[0].version == "2"; }));
        CHECK(o.table.snapshot()->find("a")->nodes.size() == 1);
    }

    TEST_CASE("a heartbeat comes every third of the TTL and keeps the content") {
        Office o;
        REQUIRE(o.publisher->publish(service("a", "1", {node("n")}), 1s, 0).has_value());
        const timespec first = touched(o.path("n"));
        CHECK(o.until([&] {
            const timespec now = touched(o.path("n"));
            return now.tv_sec != first.tv_sec || now.tv_nsec != first.tv_nsec;
        }));
        CHECK(o.has("a"));
    }

    TEST_CASE("a file that somebody removed is written again, the folder too") {
        Office o;
        REQUIRE(o.publisher->publish(service("a", "1", {node("n")}), 1s, 0).has_value());
        SUBCASE("the file") { std::filesystem::remove(o.path("n")); }
        SUBCASE("the folder") { std::filesystem::remove_all(o.dir.path + "/run"); }
        CHECK(o.until([&] { return std::filesystem::exists(o.path("n")); }));
        CHECK(o.complaints.empty());
    }

    TEST_CASE("the file of another process under our name is left alone") {
        Office o;
        REQUIRE(o.publisher->publish(service("a", "1", {node("n")}), 1s, 0).has_value());
        CHECK(o.comes("a"));
        o.put("theirs", "n");
        CHECK(o.comes("theirs"));
        CHECK(o.until([&] { return !o.complaints.empty(); }));
        o.publisher.reset();
        CHECK(std::filesystem::exists(o.path("n")));
    }

    TEST_CASE("everything is withdrawn at the end") {
        Office o;
        REQUIRE(o.publisher->publish(service("a", "1", {node("n")}), 60s, 0).has_value());
        REQUIRE(o.publisher->publish(service("b", "1", {node("m")}), 60s, ::getpid()).has_value());
        CHECK(o.comes("b"));
        o.publisher.reset();
        CHECK(o.goes("a"));
        CHECK(o.goes("b"));
    }

    TEST_CASE("a module's service is announced with all its nodes, or not at all") {
        Office o;
        const Service good = service("a", "1", {node("n1"), node("n2")});
        REQUIRE(o.publisher->enlist(good, 60s).has_value());
        CHECK(o.until(
            [&] { return o.has("a") && o.table.snapshot()->find("a")->nodes.size() == 2; }));
        o.publisher->deregister(good);
        CHECK(o.goes("a"));
        CHECK_FALSE(o.publisher->enlist(service("b", "1", {node("m1"), node("m2", "no port")}), 60s)
                        .has_value());
        CHECK_FALSE(std::filesystem::exists(o.path("m1")));
    }

    TEST_CASE("what readers would refuse is refused") {
        Office o;
        CHECK_FALSE(o.publisher->publish(service("", "1", {node("n")}), 60s, 0).has_value());
        CHECK_FALSE(o.publisher->publish(service("a", "1", {}), 60s, 0).has_value());
        CHECK_FALSE(
            o.publisher->publish(service("a", "1", {node("n"), node("m")}), 60s, 0).has_value());
        CHECK_FALSE(o.publisher->publish(service("a", "1", {node("")}), 60s, 0).has_value());
        CHECK_FALSE(o.publisher->publish(service("a", "1", {node("n", "")}), 60s, 0).has_value());
        CHECK_FALSE(
            o.publisher->publish(service("a", "1", {node("n", "nowhere")}), 60s, 0).has_value());
        CHECK_FALSE(o.publisher->publish(service("a", "1", {node("n")}), 0s, 0).has_value());
        CHECK_FALSE(o.publisher->publish(service("a", "1", {node(std::string(255, 'n'))}), 60s, 0)
                        .has_value());
        CHECK(std::filesystem::is_empty(o.folder()));
    }

    TEST_CASE("a folder that others can write takes nothing from us") {
        Office o;
        ::chmod(o.folder().c_str(), 0777);
        auto published = o.publisher->publish(service("a", "1", {node("n")}), 60s, 0);
        REQUIRE_FALSE(published.has_value());
        CHECK(published.error().what.find("chmod go-w") != std::string::npos);
    }
}
