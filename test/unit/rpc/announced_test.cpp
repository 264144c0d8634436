// SPDX-License-Identifier: Apache-2.0
#include "rpc/announced.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "../registry/fixtures.hpp"
#include "registry/publisher.hpp"

using namespace microhost;
using namespace microhost::registry::test;

namespace {

struct Listener final : rpc::Herald {
    std::vector<std::string> heard;
    void announce(const rpc::Announcement& a) override {
        heard.push_back(fmt::format("+{} {} {} {}", a.key, a.node_id, a.ttl_s, a.json_in("etcd")));
    }
    void withdraw(uint64_t key) override { heard.push_back(fmt::format("-{}", key)); }
};

struct Rig {
    TempDir dir;
    boost::asio::io_context io;
    std::vector<std::string> warnings;
    registry::Publisher publisher{io, dir.path + "/run",
                                  [this](std::string_view text) { warnings.emplace_back(text); }};
    rpc::Announced announced{&publisher};
    Listener listener;

    Rig() { announced.set_herald(&listener); }
    bool file(const char* name) const {
        return std::filesystem::exists(dir.path + "/run/registry/v1/" + name);
    }
};

}  // namespace

TEST_SUITE("host/rpc/announced") {
    TEST_CASE("what is offered is in the folder and told, until it is taken back") {
        Rig r;
        auto t = r.announced.offer(service("a", "1", {node("n")}), 0);
        REQUIRE(t.has_value());
        CHECK(r.file("n.json"));
        CHECK(r.announced.has("n"));
        REQUIRE(r.listener.heard.size() == 1);
        CHECK(r.listener.heard[0].starts_with("+1 n 60 {\"name\":\"a\",\"version\":\"1\""));
        CHECK(r.announced.all().size() == 1);
        CHECK(r.announced.deregister(*t) == MH_OK);
        CHECK(r.announced.deregister(*t) == MH_E_GONE);
        CHECK(r.announced.deregister(0) == MH_E_INVALID);
        CHECK_FALSE(r.file("n.json"));
        CHECK(r.listener.heard.back() == "-1");
    }

    TEST_CASE(
        "a node's metadata names the registry that it is announced in, unless a module says "
        "another") {
        Rig r;
        registry::Node ours = node("n"), theirs = node("m");
        ours.metadata["registry"] = "directory";
        theirs.metadata["registry"] = "consul";
        REQUIRE(r.announced.offer(service("a", "1", {ours}), 5).has_value());
        REQUIRE(r.announced.offer(service("b", "1", {theirs}), 5).has_value());
        CHECK(r.listener.heard[0].find(R"("registry":"etcd")") != std::string::npos);
        CHECK(r.listener.heard[1].find(R"("registry":"consul")") != std::string::npos);
        CHECK(r.announced.all().at(1).json_in("mdns").find(R"("registry":"mdns")") !=
              std::string::npos);
    }

    TEST_CASE("what nobody could read is refused with a reason") {
        Rig r;
        CHECK_FALSE(r.announced.offer(service("a", "1", {}), 5).has_value());
        CHECK_FALSE(r.announced.offer(service("a", "1", {node("n"), node("m")}), 5).has_value());
        CHECK_FALSE(r.announced.offer(service("a", "1", {node("n", "")}), 5).has_value());
        CHECK(r.listener.heard.empty());
        rpc::Announced nowhere(nullptr);
        CHECK_FALSE(nowhere.offer(service("a", "1", {node("n")}), 5).has_value());
    }

    TEST_CASE("a process that stops takes everything back, and announces nothing more") {
        Rig r;
        REQUIRE(r.announced.offer(service("a", "1", {node("n")}), 5).has_value());
        REQUIRE(r.announced.offer(service("b", "1", {node("m")}), 5).has_value());
        r.announced.withdraw_all();
        CHECK_FALSE(r.file("n.json"));
        CHECK_FALSE(r.file("m.json"));
        CHECK(r.announced.all().empty());
        CHECK(r.listener.heard.size() == 4);
        CHECK_FALSE(r.announced.offer(service("a", "1", {node("n")}), 5).has_value());
    }
}
