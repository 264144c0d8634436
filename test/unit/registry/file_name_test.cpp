// SPDX-License-Identifier: Apache-2.0
#include "registry/file_name.hpp"

#include <doctest/doctest.h>

using namespace microhost::registry;

TEST_SUITE("host/registry/file_name") {
    TEST_CASE("an id becomes a file name that stays in the folder") {
        struct Row {
            const char* id;
            const char* name;
        };
        for (const Row& row : {Row{"go.micro.api.bench-1", "go.micro.api.bench-1.json"},
                               {"a/b", "a%2Fb.json"},
                               {"..", "%2E..json"},
                               {"../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd.json"},
                               {".hidden", "%2Ehidden.json"},
                               {"50%", "50%25.json"},
                               {"a b:c", "a%20b%3Ac.json"},
                               {"\xc3\xa9", "%C3%A9.json"}}) {
            CAPTURE(row.id);
            CHECK(file_name_of(row.id) == row.name);
            REQUIRE(node_id_of(row.name));
            CHECK(*node_id_of(row.name) == row.id);
        }
    }

    TEST_CASE("other files of the folder are not nodes") {
        for (const char* name : {".tmp-1-1", ".a.json", "a.json~", "a", ".json", "a%2.json",
                                 "a%zz.json", "a%.json", "a%-1.json", "README"}) {
            CAPTURE(name);
            CHECK_FALSE(node_id_of(name));
        }
    }

    TEST_CASE("every byte survives the way there and back") {
        for (int c = 1; c < 256; ++c) {
            const std::string id{'a', static_cast<char>(c), 'b'};
            CHECK(node_id_of(file_name_of(id)) == id);
        }
    }
}
