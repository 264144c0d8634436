// SPDX-License-Identifier: Apache-2.0
#include "registry/node_file.hpp"

#include <doctest/doctest.h>

using namespace microhost::registry;

namespace {

constexpr std::string_view kGood = R"({
  "format": 1,
  "name": "go.micro.api.bench",
  "version": "1.0.0",
  "metadata": null,
  "endpoints": [{"name": "Say.Hello", "request": null, "response": null, "metadata": null}],
  "nodes": [{"id": "bench-1", "address": "127.0.0.1:9000", "metadata": {"protocol": "mucp"}}],
  "ttl_s": 86400,
  "owner_pid": 4711
})";

std::string with(std::string text, std::string_view from, std::string_view to) {
    const size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_SUITE("host/registry/node_file") {
    TEST_CASE("a node file reads, and reads again after it was written") {
        auto file = parse_node_file(kGood, "bench-1");
        REQUIRE(file.has_value());
        CHECK(file->service.name == "go.micro.api.bench");
        CHECK(file->ttl == std::chrono::hours(24));
        CHECK(file->owner_pid == 4711);
        auto again = parse_node_file(format_node_file(*file), "bench-1");
        REQUIRE(again.has_value());
        CHECK(again->service == file->service);
        CHECK(again->ttl == file->ttl);
        CHECK(again->owner_pid == file->owner_pid);
    }

    TEST_CASE("without an owner the TTL alone decides") {
        auto file =
            parse_node_file(with(std::string(kGood), ",\n  \"owner_pid\": 4711", ""), "bench-1");
        REQUIRE(file.has_value());
        CHECK(file->owner_pid == 0);
        CHECK(format_node_file(*file).find("owner_pid") == std::string::npos);
    }

    TEST_CASE("what is wrong is said with its line and what to write") {
        struct Row {
            const char* from;
            const char* to;
            const char* error;
        };
        for (const Row& row : {
                 Row{"\"format\": 1", "\"format\": 2",
                     "2: \"format\" is 2, this microhost reads format 1"},
                 {"\"format\": 1,", "", "\"format\" must be 1"},
                 {"\"format\": 1", "\"format\": \"1\"", "2: \"format\" must be 1"},
                 {"\"ttl_s\": 86400,", "", "\"ttl_s\" must be a number of seconds"},
                 {"86400", "0", "8: \"ttl_s\" must be"},
                 {"86400", "\"60\"", "8: \"ttl_s\" must be"},
                 {"86400", "99999999999", "8: \"ttl_s\" must be"},
                 {"4711", "\"4711\"", "9: \"owner_pid\" must be the number of a process"},
                 {"4711", "0", "9: \"owner_pid\""},
                 {"4711", "4294967297", "9: \"owner_pid\""},
                 {"\"bench-1\"", "\"other\"",
                  "7: the node's id is \"other\": name the file other.json"},
                 {"\"127.0.0.1:9000\"", "\"\"", "7: nodes[0].address: is missing"},
                 {"[{\"id\": \"bench-1\"",
                  "[{\"id\": \"x\", \"address\": \"h:1\"}, {\"id\": \"bench-1\"",
                  "7: \"nodes\" has 2 nodes: write one file per node"},
                 {"\"1.0.0\",", "\"1.0.0\"", "5:3: "},
             }) {
            CAPTURE(row.to);
            auto file = parse_node_file(with(std::string(kGood), row.from, row.to), "bench-1");
            REQUIRE_FALSE(file.has_value());
            CHECK(file.error().what.substr(0, std::string_view(row.error).size()) == row.error);
        }
        CHECK_FALSE(parse_node_file("", "bench-1").has_value());
        CHECK_FALSE(parse_node_file("[]", "bench-1").has_value());
        CHECK_FALSE(parse_node_file("null", "bench-1").has_value());
    }

    TEST_CASE("a file that was cut anywhere is an error, never a crash") {
        for (size_t n = 0; n < kGood.size(); ++n)
            CHECK_FALSE(parse_node_file(kGood.substr(0, n), "bench-1").has_value());
    }
}
