// SPDX-License-Identifier: Apache-2.0
#include "registry/folder.hpp"

#include "fixtures.hpp"

#include <fcntl.h>
#include <unistd.h>

using namespace microhost::registry;
using namespace microhost::registry::test;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat st {};
    REQUIRE(::stat(path.c_str(), &st) == 0);
    return st.st_mode & 07777U;
}

}  // namespace

TEST_SUITE("host/registry/folder") {
    TEST_CASE("the folder is made with its parents, for the owner only") {
        TempDir dir;
        const std::string runtime = dir.path + "/a/b/microhost";
        auto folder = open_folder(runtime, true);
        REQUIRE(folder.has_value());
        CHECK(folder->path == runtime + "/registry/v1");
        CHECK(folder->private_to_owner);
        for (const char* below : {"/a", "/a/b", "/a/b/microhost", "/a/b/microhost/registry",
                                  "/a/b/microhost/registry/v1"}) {
            CHECK(mode_of(dir.path + below) == 0700);
        }
        CHECK(open_folder(runtime, true).has_value());
        CHECK(open_folder(runtime + "/", false).has_value());
    }

    TEST_CASE("without create a missing folder is an error that names it") {
        TempDir dir;
        auto folder = open_folder(dir.path + "/none", false);
        REQUIRE_FALSE(folder.has_value());
        CHECK(folder.error().what.find(dir.path + "/none") != std::string::npos);
        CHECK_FALSE(std::filesystem::exists(dir.path + "/none"));
    }

    TEST_CASE(
        "a folder that others can write is refused, sticky or not, wherever it is on the way") {
        for (const char* level : {"", "/registry", "/registry/v1"}) {
            for (mode_t mode : {0777, 01777, 0720, 0702}) {
                TempDir dir;
                REQUIRE(open_folder(dir.path, true).has_value());
                ::chmod((dir.path + level).c_str(), mode);
                auto folder = open_folder(dir.path, true);
                CAPTURE(level);
                REQUIRE_FALSE(folder.has_value());
                CHECK(folder.error().what.find("chmod go-w " + dir.path + level) !=
                      std::string::npos);
            }
        }
    }

    TEST_CASE("others may read a folder") {
        TempDir dir;
        REQUIRE(open_folder(dir.path, true).has_value());
        ::chmod((dir.path + "/registry/v1").c_str(), 0755);
        auto folder = open_folder(dir.path, false);
        REQUIRE(folder.has_value());
        CHECK_FALSE(folder->private_to_owner);
    }

    TEST_CASE("a folder of somebody else is refused") {
        if (::geteuid() != 0) return;  // only root can give a folder away
        TempDir dir;
        REQUIRE(open_folder(dir.path, true).has_value());
        REQUIRE(::chown((dir.path + "/registry/v1").c_str(), 12345, 0) == 0);
        CHECK_FALSE(open_folder(dir.path, false).has_value());
    }

    TEST_CASE("a link in place of the folder is refused") {
        TempDir dir;
        TempDir elsewhere;
        ::mkdir((dir.path + "/registry").c_str(), 0700);
        std::filesystem::create_symlink(elsewhere.path, dir.path + "/registry/v1");
        CHECK_FALSE(open_folder(dir.path, true).has_value());
    }

    TEST_CASE("which files are believed") {
        const uid_t us = ::geteuid();
        const uid_t owner = us + 1;
        struct Row {
            mode_t mode;
            uid_t uid;
            off_t size;
            bool private_folder;
            bool believed;
        };
        for (const Row& row : {Row{S_IFREG | 0644, us, 100, false, true},
                               {S_IFREG | 0600, owner, 100, false, true},
                               {S_IFREG | 0644, 0, 100, false, true},
                               {S_IFREG | 0644, us + 2, 100, true, false},
                               {S_IFREG | 0644, us, 1 << 20, false, true},
                               {S_IFREG | 0644, us, (1 << 20) + 1, false, false},
                               {S_IFREG | 0664, us, 100, true, true},
                               {S_IFREG | 0664, us, 100, false, false},
                               {S_IFREG | 0646, us, 100, false, false},
                               {S_IFLNK | 0777, us, 100, true, false},
                               {S_IFIFO | 0600, us, 0, true, false},
                               {S_IFDIR | 0700, us, 0, true, false}}) {
            struct stat st {};
            st.st_mode = row.mode;
            st.st_uid = row.uid;
            st.st_size = row.size;
            Folder folder;
            folder.owner = owner;
            folder.private_to_owner = row.private_folder;
            CAPTURE(row.mode);
            CAPTURE(row.uid);
            CHECK(distrust(st, folder).empty() == row.believed);
        }
    }
}
