// SPDX-License-Identifier: Apache-2.0
#include "registry/provider.hpp"

#include "fixtures.hpp"

#include <chrono>

using namespace microhost::registry;
using namespace microhost::registry::test;
using namespace std::chrono_literals;

namespace {

/// A provider, its table, its folder, and what it said.
struct Rig {
    TempDir dir;
    Turns turns;
    std::vector<std::string> warnings, infos;
    std::unique_ptr<Provider> provider = make();

    std::unique_ptr<Provider> make() {
        ProviderOptions o;
        o.name = "etcd";
        o.state_dir = dir.path + "/state";
        o.warn = [this](std::string_view text) { warnings.emplace_back(text); };
        o.info = [this](std::string_view text) { infos.emplace_back(text); };
        o.own = [](std::string_view id) { return id == "ours"; };
        o.clock = [this] { return turns.now; };
        return std::make_unique<Provider>(turns.table, std::move(o));
    }
    /// The process ends, and starts again with an empty table.
    void again() {
        provider->save();
        provider.reset();
        turns.run();
        provider = make();
        provider->begin(50, false);
    }
    void pass(std::chrono::milliseconds time) {
        turns.now += time;
        provider->tick();
    }
    [[nodiscard]] std::string path() const { return dir.path + "/state/registry/etcd.json"; }
    bool has(std::string_view name) { return turns.snapshot()->find(name) != nullptr; }
    bool complete() { return turns.snapshot()->complete(); }
};

}  // namespace

TEST_SUITE("host/registry/provider") {
    TEST_CASE("the start waits for a provider until it has told all") {
        Rig r;
        r.provider->begin(50, false);
        r.provider->upsert(service("a", "1", {node("n")}), 0s);
        CHECK_FALSE(r.complete());
        CHECK(r.provider->row().state == ProviderState::waiting);
        CHECK(r.provider->row().text == "etcd: not synced yet");
        CHECK_FALSE(r.provider->settled());
        r.provider->synced();
        CHECK(r.complete());
        CHECK(r.has("a"));
        CHECK(r.provider->row().state == ProviderState::synced);
        CHECK(r.provider->row().text.empty());
        CHECK(r.infos.size() == 1);
    }

    TEST_CASE("the wait ends, and the provider says what is used meanwhile") {
        Rig r;
        r.provider->begin(50, false);
        r.pass(4999ms);
        CHECK_FALSE(r.provider->settled());
        r.pass(1ms);
        CHECK(r.provider->settled());
        CHECK(r.complete());
        CHECK(r.provider->row().text == "etcd: not synced yet; nothing is known of it");
        REQUIRE(r.warnings.size() == 1);
        r.pass(10s);
        CHECK(r.warnings.size() == 1);
        r.provider->synced();
        CHECK(r.provider->row().text.empty());
    }

    TEST_CASE("one that comes while the process serves is not waited for") {
        Rig r;
        r.provider->begin(50, true);
        CHECK(r.provider->settled());
        CHECK(r.complete());
    }

    TEST_CASE("what was said last is used by the next start until the provider has told all") {
        Rig r;
        r.provider->begin(50, false);
        r.provider->upsert(service("a", "1", {node("n"), node("ours")}), 30s);
        r.provider->upsert(service("b", "1", {node("m")}), 0s);
        r.provider->upsert(service("c", "1", {node("ours")}), 0s);
        r.provider->synced();
        r.again();
        CHECK(r.has("a"));
        CHECK(r.has("b"));
        CHECK_FALSE(r.has("c"));  // of the process that is gone
        CHECK(r.turns.snapshot()->find("a")->nodes.size() == 1);
        CHECK_FALSE(r.complete());
        r.pass(60s);  // no TTL ends what nobody could tell again
        CHECK(r.has("a"));
        CHECK(r.provider->row().text.find("what is known of it was written 20") !=
              std::string::npos);
        r.provider->upsert(service("a", "1", {node("n2")}), 0s);
        r.provider->synced();
        CHECK(r.has("a"));
        CHECK(r.turns.snapshot()->find("a")->nodes.front().node.id == "n2");
        CHECK_FALSE(r.has("b"));
    }

    TEST_CASE("the file is written for us alone, and not with every change") {
        Rig r;
        r.provider->begin(50, false);
        r.provider->upsert(service("a", "1", {node("n")}), 0s);
        r.pass(1s);
        CHECK_FALSE(std::filesystem::exists(r.path()));  // half of it is worth less than the last
        r.provider->synced();
        r.pass(1s);
        struct stat st {};
        REQUIRE(::stat(r.path().c_str(), &st) == 0);
        CHECK((st.st_mode & 0777) == 0600);
        const auto first = st.st_ino;
        r.provider->upsert(service("b", "1", {node("n")}), 0s);
        r.pass(9s);
        ::stat(r.path().c_str(), &st);
        CHECK(st.st_ino == first);
        r.pass(1s);
        ::stat(r.path().c_str(), &st);
        CHECK(st.st_ino != first);
        const auto second = st.st_ino;
        r.provider->upsert(service("b", "1", {node("n")}), 0s);  // no news
        r.pass(20s);
        ::stat(r.path().c_str(), &st);
        CHECK(st.st_ino == second);
    }

    TEST_CASE("a file that cannot be believed is one warning and nothing else") {
        Rig r;
        std::filesystem::create_directories(r.dir.path + "/state/registry");
        mode_t mode = 0600;
        std::string text, word;
        SUBCASE("damaged") { text = "{\"format\": 1, \"serv", word = "etcd.json"; }
        SUBCASE("empty") { word = "etcd.json"; }
        SUBCASE("of another kind") { text = "[]", word = "format"; }
        SUBCASE("of another version") {
            text = R"({"format":2,"written":"x","services":[]})", word = "format";
        }
        SUBCASE("with what is no service") {
            text = R"({"format":1,"written":"x","services":[{"name":"a","nodes":[{"id":"n"}]},7]})";
        }
        SUBCASE("that others can write") {
            text = R"({"format":1,"written":"x","services":[]})", word = "others", mode = 0666;
        }
        write_file(r.path(), text, mode);
        r.provider->begin(50, false);
        REQUIRE(r.warnings.size() == 1);
        CHECK(r.warnings[0].find(word) != std::string::npos);
        CHECK(r.turns.snapshot()->services().empty());
        r.provider->synced();
        r.pass(1s);
        CHECK(r.warnings.size() == 1);
    }

    TEST_CASE("a folder that cannot be written is one warning") {
        Rig r;
        write_file(r.dir.path + "/state", "a file");
        r.provider->begin(50, false);
        r.provider->synced();
        for (int i = 0; i < 3; ++i) {
            r.provider->upsert(service("a", "1", {node("n" + std::to_string(i))}), 0s);
            r.pass(11s);
        }
        REQUIRE(r.warnings.size() == 1);
        CHECK(r.warnings[0].find("etcd.json cannot be written") != std::string::npos);
    }

    TEST_CASE(
        "what is not told again within its time is forgotten, unless the source is in trouble") {
        Rig r;
        r.provider->begin(50, false);
        r.provider->upsert(service("a", "1", {node("n")}), 10s);
        r.provider->upsert(service("b", "1", {node("n")}), 0s);
        r.provider->synced();
        r.pass(6s);
        r.provider->upsert(service("a", "1", {node("n")}), 10s);
        r.pass(6s);
        CHECK(r.has("a"));
        SUBCASE("forgotten") {
            r.pass(4s);
            CHECK_FALSE(r.has("a"));
            CHECK(r.has("b"));
        }
        SUBCASE("trouble") {
            r.provider->trouble("no route to host");
            CHECK(r.provider->row().state == ProviderState::stale);
            CHECK(r.provider->row().text ==
                  "etcd: no route to host; what it said last stays in use");
            r.pass(60s);
            CHECK(r.has("a"));
            r.provider->trouble("no route to host");
            CHECK(r.warnings.size() == 1);
            r.provider->trouble("");
            CHECK(r.provider->row().state == ProviderState::synced);
            CHECK(r.provider->row().last_trouble == "no route to host");
            r.pass(9s);  // it had no chance to tell it again before
            CHECK(r.has("a"));
            r.pass(1s);
            CHECK_FALSE(r.has("a"));
        }
    }

    TEST_CASE("a new generation takes the nodes over until it has told all") {
        Rig r;
        r.provider->begin(50, false);
        r.provider->upsert(service("a", "1", {node("n")}), 2s);
        r.provider->upsert(service("b", "1", {node("n")}), 0s);
        r.provider->synced();
        r.turns.run();
        r.provider->begin(50, true);
        CHECK(r.complete());
        CHECK(r.has("a"));
        r.pass(6s);  // it does not come
        CHECK(r.has("a"));
        CHECK(r.provider->row().text ==
              "etcd: not synced yet; what the generation before it said stays in use");
        CHECK(r.warnings.size() == 1);
        r.provider->upsert(service("b", "1", {node("n")}), 0s);
        r.provider->synced();
        CHECK_FALSE(r.has("a"));
        CHECK(r.has("b"));
    }

    TEST_CASE("one that cannot be started says why, and nobody waits") {
        Rig r;
        r.provider->begin(50, false);
        r.provider->failed("no\nendpoint");
        CHECK(r.provider->settled());
        CHECK(r.provider->row().state == ProviderState::failed);
        CHECK(r.provider->row().text == "etcd: no endpoint");
    }

    TEST_CASE("a node that moves to another version is not taken away with the old one") {
        Rig r;
        r.provider->begin(50, false);
        r.provider->upsert(service("a", "1", {node("n"), node("m")}), 0s);
        r.provider->upsert(service("a", "2", {node("n")}), 0s);
        r.provider->upsert(service("a", "1", {node("m")}), 0s);
        r.provider->synced();
        CHECK(r.turns.snapshot()->find("a")->nodes.size() == 2);
        r.provider->remove("a", "1", "n");  // it is of version 2
        CHECK(r.turns.snapshot()->find("a")->nodes.size() == 2);
        r.provider->remove("a", "", "n");
        CHECK(r.turns.snapshot()->find("a")->nodes.size() == 1);
        r.provider->remove("a", "1", "");
        CHECK_FALSE(r.has("a"));
    }
}
