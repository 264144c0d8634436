// SPDX-License-Identifier: Apache-2.0
#include "registry/directory.hpp"

#include "child.hpp"
#include "directory_rig.hpp"

#include <sys/resource.h>

using namespace microhost::registry;
using namespace microhost::registry::test;

TEST_SUITE("host/registry/directory") {
    TEST_CASE("files that are there at the start are in the first complete snapshot") {
        Rig r(false);
        std::filesystem::create_directories(r.folder());
        std::filesystem::permissions(r.dir.path + "/run", std::filesystem::perms::owner_all);
        std::filesystem::permissions(r.dir.path + "/run/registry",
                                     std::filesystem::perms::owner_all);
        std::filesystem::permissions(r.folder(), std::filesystem::perms::owner_all);
        r.put("a", "a-1");
        r.put("a", "a-2");
        r.start();
        REQUIRE(r.has("a"));
        CHECK(r.table.snapshot()->find("a")->nodes.size() == 2);
        CHECK(r.warnings.empty());
    }

    TEST_CASE("a file that comes is seen at once, one that goes too, without any sweep") {
        for (bool renamed : {true, false}) {
            CAPTURE(renamed);
            Rig r(true, kNever);
            if (renamed) {
                r.put("a", "a-1");
            } else {
                write_file(r.path("a-1"), Rig::text("a", "a-1"));
            }
            CHECK(r.comes("a"));
            if (renamed) {
                std::filesystem::rename(r.path("a-1"), r.dir.path + "/elsewhere");
            } else {
                std::filesystem::remove(r.path("a-1"));
            }
            CHECK(r.goes("a"));
            CHECK(r.warnings.empty());
        }
    }

    TEST_CASE("changed content is seen, also under another service name") {
        Rig r(true, kNever);
        r.put("a", "x");
        CHECK(r.comes("a"));
        r.put("b", "x");
        CHECK(r.comes("b"));
        CHECK_FALSE(r.has("a"));
    }

    TEST_CASE("an id with a slash stays in the folder") {
        Rig r(true, kNever);
        r.put("a", "../../x/y");
        CHECK(r.comes("a"));
        CHECK(r.table.snapshot()->find("a")->nodes[0].node.id == "../../x/y");
    }

    TEST_CASE("the node of a process that is killed with -9 goes at once") {
        Rig r(true, kNever);
        Child child;
        r.put("a", "a-1", child.pid);
        r.put("a", "a-2", child.pid);
        r.put("b", "b-1", ::getpid());
        CHECK(r.comes("a"));
        CHECK(r.comes("b"));
        child.kill();
        CHECK(r.goes("a"));
        CHECK(r.has("b"));
        child.reap();
        SUBCASE("and does not come back when its file is touched") {
            r.age(r.path("a-1"), 0);
            r.settle();
            CHECK_FALSE(r.has("a"));
        }
        SUBCASE("and comes back with a new owner") {
            Child next;
            r.put("a", "a-1", next.pid);
            CHECK(r.comes("a"));
            next.kill();
            CHECK(r.goes("a"));
        }
        CHECK(r.warnings.empty());
    }

    TEST_CASE("a file of a process that ended before it was read is not believed") {
        Rig r;
        Child child;
        child.kill();
        child.reap();
        r.put("a", "a-1", child.pid);
        r.put("b", "b-1");
        CHECK(r.comes("b"));
        CHECK_FALSE(r.has("a"));
    }

    TEST_CASE("a file that is older than the process with its number is not believed") {
        Rig r;
        Child child;
        write_file(r.folder() + "/.new", Rig::text("a", "a-1", child.pid, 3600));
        r.age(r.folder() + "/.new", 100);
        std::filesystem::rename(r.folder() + "/.new", r.path("a-1"));
        r.put("b", "b-1", child.pid);
        CHECK(r.comes("b"));
        CHECK_FALSE(r.has("a"));
    }

    TEST_CASE("a node that is not touched ends with its TTL, a touched one stays") {
        Rig r;
        r.put("a", "a-1", 0, 60);
        r.put("b", "b-1", 0, 60);
        CHECK(r.comes("a"));
        CHECK(r.comes("b"));
        r.age(r.path("a-1"), 61);
        r.age(r.path("b-1"), 50);
        CHECK(r.goes("a"));
        CHECK(r.has("b"));
        CHECK(r.table.snapshot()->vanished("a", std::chrono::steady_clock::now()));
        r.age(r.path("a-1"), 0);
        CHECK(r.comes("a"));
        CHECK(r.warnings.empty());
    }

    TEST_CASE("a TTL that ends while nothing happens ends by the sweep") {
        Rig r;
        write_file(r.folder() + "/.new", Rig::text("a", "a-1", 0, 60));
        r.age(r.folder() + "/.new", 59);
        std::filesystem::rename(r.folder() + "/.new", r.path("a-1"));
        CHECK(r.comes("a"));
        CHECK(r.goes("a"));
    }

    TEST_CASE("a file that is written in two halves is no news until it is whole") {
        Rig r;
        const std::string text = Rig::text("a", "a-1");
        {
            std::ofstream file(r.path("a-1"));
            file << text.substr(0, text.size() / 2) << std::flush;
            r.settle();
            CHECK_FALSE(r.has("a"));
            file << text.substr(text.size() / 2);
        }
        CHECK(r.comes("a"));
        CHECK(r.warnings.empty());
    }

    TEST_CASE("a writer that closes between the halves is no warning either") {
        Rig r;
        const std::string text = Rig::text("a", "a-1");
        write_file(r.path("a-1"), text.substr(0, text.size() / 2));
        r.settle();
        CHECK_FALSE(r.has("a"));
        std::ofstream(r.path("a-1"), std::ios::app) << text.substr(text.size() / 2);
        CHECK(r.comes("a"));
        CHECK(r.warnings.empty());
    }

    TEST_CASE("a damaged file is one warning, and its last good content holds until its TTL ends") {
        Rig r;
        r.put("a", "a-1");
        CHECK(r.comes("a"));
        write_file(r.path("a-1"), "{\n  \"format\": 1,\n  \"name\" \"a\"\n}");
        CHECK(r.until([&] { return !r.warnings.empty(); }));
        CHECK(r.warnings[0].find(r.path("a-1") + ":3:") == 0);
        CHECK(r.warnings[0].find("repair it") != std::string::npos);
        r.age(r.path("a-1"), 5);
        r.settle();
        CHECK(r.has("a"));
        CHECK(r.warnings.size() == 1);
        SUBCASE("a repaired file is taken") {
            r.put("b", "a-1");
            CHECK(r.comes("b"));
            CHECK_FALSE(r.has("a"));
        }
        SUBCASE("damaged again is a new warning") {
            r.put("a", "a-1");
            r.settle();
            write_file(r.path("a-1"), "{\n  \"format\": 1,\n  \"name\" \"a\"\n}");
            CHECK(r.until([&] { return r.warnings.size() == 2; }));
        }
        SUBCASE("removed is removed") {
            std::filesystem::remove(r.path("a-1"));
            CHECK(r.goes("a"));
        }
    }

    TEST_CASE("the last good content of a damaged file ends with the TTL that it had") {
        Rig r;
        write_file(r.folder() + "/.new", Rig::text("a", "a-1", 0, 60));
        r.age(r.folder() + "/.new", 58);
        std::filesystem::rename(r.folder() + "/.new", r.path("a-1"));
        CHECK(r.comes("a"));
        write_file(r.path("a-1"), "damaged");
        CHECK(r.goes("a"));
        r.settle();
        CHECK(r.warnings.size() == 1);
    }

    TEST_CASE("files that cannot be believed are ignored, with one warning each") {
        Rig r;
        ::chmod(r.folder().c_str(), 0755);
        r.settle();
        SUBCASE("a link") {
            write_file(r.dir.path + "/real", Rig::text("a", "a-1"));
            std::filesystem::create_symlink(r.dir.path + "/real", r.path("a-1"));
        }
        SUBCASE("a folder") { std::filesystem::create_directory(r.path("a-1")); }
        SUBCASE("a pipe") { REQUIRE(::mkfifo(r.path("a-1").c_str(), 0600) == 0); }
        SUBCASE("writable for others") { write_file(r.path("a-1"), Rig::text("a", "a-1"), 0666); }
        SUBCASE("too large") {
            write_file(r.path("a-1"), Rig::text("a", "a-1") + std::string(1 << 20, ' '));
        }
        SUBCASE("another name than its node") {
            write_file(r.path("a-1"), Rig::text("a", "a-2"));
            r.age(r.path("a-1"), 5);
        }
        SUBCASE("somebody else's") {
            if (::geteuid() != 0) return;
            write_file(r.path("a-1"), Rig::text("a", "a-1"));
            REQUIRE(::chown(r.path("a-1").c_str(), 12345, 0) == 0);
        }
        CHECK(r.until([&] { return !r.warnings.empty(); }));
        r.settle();
        r.settle();
        CHECK_FALSE(r.has("a"));
        CHECK(r.warnings.size() == 1);
        CHECK(r.warnings[0].find(r.path("a-1")) != std::string::npos);
        r.put("b", "b-1");
        CHECK(r.comes("b"));
    }

    TEST_CASE("a node whose file becomes writable for others is withdrawn") {
        Rig r;
        ::chmod(r.folder().c_str(), 0755);
        r.put("a", "a-1");
        CHECK(r.comes("a"));
        ::chmod(r.path("a-1").c_str(), 0666);
        CHECK(r.goes("a"));
        ::chmod(r.path("a-1").c_str(), 0644);
        CHECK(r.comes("a"));
    }

    TEST_CASE("nothing new is believed in a folder that others can write, until that is repaired") {
        Rig r;
        r.put("a", "a-1");
        CHECK(r.comes("a"));
        ::chmod(r.folder().c_str(), 0777);
        CHECK(r.until([&] { return !r.warnings.empty(); }));
        r.put("b", "b-1");
        r.settle();
        CHECK_FALSE(r.has("b"));
        CHECK(r.has("a"));
        CHECK(r.warnings.size() == 1);
        ::chmod(r.folder().c_str(), 0700);
        CHECK(r.comes("b"));
    }

    TEST_CASE("a folder that was removed is made again") {
        Rig r;
        r.put("a", "a-1");
        CHECK(r.comes("a"));
        std::filesystem::remove_all(r.dir.path + "/run");
        CHECK(r.goes("a"));
        CHECK(r.until([&] { return std::filesystem::exists(r.folder()); }));
        r.put("b", "b-1");
        CHECK(r.comes("b"));
    }

    TEST_CASE("a folder that was exchanged is noticed") {
        Rig r;
        r.put("a", "a-1");
        CHECK(r.comes("a"));
        std::filesystem::rename(r.dir.path + "/run", r.dir.path + "/old");
        CHECK(r.until([&] { return std::filesystem::exists(r.folder()); }));
        r.put("b", "b-1");
        CHECK(r.comes("b"));
        CHECK(r.goes("a"));
    }

    TEST_CASE("a folder that cannot be made is one warning, and the table is complete without it") {
        Rig r(false);
        write_file(r.dir.path + "/run", "a file in the way");
        r.start();
        r.settle();
        CHECK(r.warnings.size() == 1);
        std::filesystem::remove(r.dir.path + "/run");
        CHECK(r.until([&] { return std::filesystem::exists(r.folder()); }));
        r.put("a", "a-1");
        CHECK(r.comes("a"));
    }

    TEST_CASE("a thousand files that come at once are all seen") {
        Rig r(true, kNever);
        for (int i = 0; i < 1000; ++i) r.put("a", "a-" + std::to_string(i));
        CHECK(r.until(
            [&] { return r.has("a") && r.table.snapshot()->find("a")->nodes.size() == 1000; }));
        for (int i = 0; i < 1000; ++i) std::filesystem::remove(r.path("a-" + std::to_string(i)));
        CHECK(r.goes("a"));
    }

    TEST_CASE("without a free descriptor what is known stays known") {
        Rig r;
        Child child;
        r.put("a", "a-1", child.pid);
        CHECK(r.comes("a"));
        rlimit before{};
        ::getrlimit(RLIMIT_NOFILE, &before);
        const rlimit none{0, before.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
        r.age(r.path("a-1"), 0);
        for (int i = 0; i < 6; ++i) r.settle();
        const bool kept = r.has("a");
        ::setrlimit(RLIMIT_NOFILE, &before);
        CHECK(kept);
        r.put("b", "b-1");
        CHECK(r.comes("b"));
    }

    TEST_CASE("the file of a process that is long gone is removed, others stay") {
        Rig r;
        Child child;
        child.kill();
        child.reap();
        r.put("a", "a-1", child.pid, 60);
        r.put("a", "a-2", child.pid, 60);
        r.put("a", "a-3", 0, 60);
        r.age(r.path("a-1"), 700);
        r.age(r.path("a-2"), 600);
        r.age(r.path("a-3"), 7000);
        CHECK(r.until([&] { return !std::filesystem::exists(r.path("a-1")); }));
        r.settle();
        CHECK(std::filesystem::exists(r.path("a-2")));
        CHECK(std::filesystem::exists(r.path("a-3")));
    }

    TEST_CASE("a directory that goes takes its nodes with it") {
        Rig r;
        auto second =
            std::make_unique<Directory>(r.io, r.table.open("second", 0),
                                        DirectoryOptions{.runtime_dir = r.dir.path + "/second"});
        second->start();
        write_file(r.dir.path + "/second/registry/v1/b-1.json", Rig::text("b", "b-1", ::getpid()));
        CHECK(r.comes("b"));
        second.reset();
        CHECK(r.goes("b"));
    }
}
