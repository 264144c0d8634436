// SPDX-License-Identifier: Apache-2.0
#include "supervise/quarantine.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "../observe/temporary_folder.hpp"

using namespace microhost;
using namespace microhost::supervise;

TEST_SUITE("host/supervise") {
    TEST_CASE("quarantine is a file that survives, and goes when it is empty") {
        const observe_test::TemporaryFolder temp;
        const Quarantine q(temp / "a/state");
        CHECK(q.list().value().empty());
        CHECK(q.release("x").value() == false);
        REQUIRE(q.add({"x", "1.0", "beef", "it \"crashed\"", "2026-01-02T03:04:05Z"}).has_value());
        REQUIRE(q.add({"y", "2.0", "f00d", "too", "2026-01-02T03:04:06Z"}).has_value());
        REQUIRE(q.add({"x", "1.1", "cafe", "again", "2026-01-02T03:04:07Z"}).has_value());
        const auto all = Quarantine(temp / "a/state").list().value();
        REQUIRE(all.size() == 2);
        CHECK(all[1].module == "x");
        CHECK(all[1].build == "cafe");
        CHECK(all[1].reason == "again");
        struct stat s {};
        REQUIRE(::stat(q.path().c_str(), &s) == 0);
        CHECK((s.st_mode & 0777) == 0600);
        CHECK(q.release("x").value() == true);
        CHECK(q.list().value().size() == 1);
        CHECK(q.release("y").value() == true);
        CHECK_FALSE(std::filesystem::exists(q.path()));
    }

    TEST_CASE("a file that cannot be understood is an error, not an empty quarantine") {
        const observe_test::TemporaryFolder temp;
        const Quarantine q(temp.path.string());
        for (const char* text : {"", "{", "[]", R"({"quarantined":{}})"}) {
            std::ofstream(q.path()) << text;
            auto all = q.list();
            REQUIRE_FALSE(all.has_value());
            CHECK(all.error().what.find("quarantine.json: cannot be understood") !=
                  std::string::npos);
        }
    }
}
