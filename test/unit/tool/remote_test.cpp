// SPDX-License-Identifier: Apache-2.0
#include "tool/remote.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tool/argument_file.hpp"
#include "tool/passwd.hpp"
#include "tool/private_file.hpp"
#include "tool/remotes.hpp"

using namespace microhost;
using namespace microhost::tool;

namespace {

struct Folder {
    std::string path = (std::filesystem::temp_directory_path() / "mh-remote-XXXXXX").string();
    config::Surroundings in;

    Folder() {
        REQUIRE(mkdtemp(path.data()));
        in.environment["XDG_CONFIG_HOME"] = path;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string file(const std::string& name, std::string_view text, mode_t mode = 0600) const {
        const std::string p = path + "/" + name;
        std::ofstream(p) << text;
        ::chmod(p.c_str(), mode);
        return p;
    }
};

std::string url(std::string_view text) {
    const auto u = RemoteUrl::parse(text);
    return u ? u->text() : "";
}

RemoteFlags to(const std::string& remote) {
    RemoteFlags f;
    f.remote = remote;
    return f;
}

}  // namespace

TEST_SUITE("tool/remote") {
    TEST_CASE("URLs of proxies") {
        CHECK(url("https://a.example:1") == "https://a.example:1");
        CHECK(url("https://a.example/") == "https://a.example:8081");
        CHECK(url("http://[::1]:80") == "http://[::1]:80");
        for (const char* bad :
             {"", "a", "https:/a", "https://", "https://:80", "https://a:", "https://a:0",
              "https://a:99999", "https://a:1x", "https://a/b", "https://a?b", "https://u@a",
              "https://[a]", "https://[::1]1", "https://a b", "https://a\r\nX:y", "https://::1"})
            CHECK_MESSAGE(url(bad).empty(), bad);
        for (const char* near : {"http://127.9.0.1", "http://localhost", "http://[::1]"})
            CHECK(RemoteUrl::parse(near)->is_loopback());
        for (const char* far : {"http://128.0.0.1", "http://localhost.example", "http://[::2]",
                                "http://127.0.0.1.example"})
            CHECK_FALSE(RemoteUrl::parse(far)->is_loopback());
    }

    TEST_CASE("flags are taken wherever they stand, and can be given again") {
        std::vector<std::string> words{"list",          "--remote",   "a",  "services",
                                       "--remote-ca=b", "--insecure", "--", "--remote",
                                       "other",         "--insecure"};
        RemoteFlags f = to("before");
        REQUIRE(f.take(words).has_value());
        CHECK(words == std::vector<std::string>{"list", "services", "--", "--remote", "other",
                                                "--insecure"});
        CHECK(f.words() ==
              std::vector<std::string>{"--remote=a", "--remote_ca=b", "--insecure=true"});
        words = {"--remote"};
        CHECK_FALSE(f.take(words).has_value());
    }

    TEST_CASE("what was said first counts: the flag, the variable, the one in use") {
        Folder f;
        auto all = Remotes::read(f.in);
        REQUIRE(all.has_value());
        all->all["one"] = {"http://127.0.0.1:1", {}, f.file("one.token", "secret-1 anna viewer\n")};
        all->all["two"] = {"http://127.0.0.1:2", {}, {}};
        all->current = "one";
        REQUIRE(all->write().has_value());
        CHECK((*find_remote({}, f.in))->target.token == "secret-1");
        f.in.environment["MICROHOST_REMOTE"] = "two";
        f.in.environment["MICROHOST_REMOTE_TOKEN"] = "secret-2";
        CHECK((*find_remote({}, f.in))->target.port == 2);
        CHECK((*find_remote(to("one"), f.in))->target.token == "secret-2");
        RemoteFlags flags = to("one");
        flags.token_file = f.file("a.token", "# mine\n\nsecret-3\n");
        CHECK((*find_remote(flags, f.in))->target.token == "secret-3");
        CHECK_FALSE(find_remote(to("local"), f.in)->has_value());
        CHECK_FALSE(find_remote(to("three"), f.in).has_value());
        f.in.environment["MICROHOST_REMOTE_TOKEN"] = "a\r\nX: y";
        CHECK_FALSE(find_remote(to("two"), f.in).has_value());
    }

    TEST_CASE("files of others are not believed") {
        const Folder f;
        CHECK(read_private(f.file("s", "x", 0644), Privacy::mine)->has_value());
        CHECK_FALSE(read_private(f.file("s", "x", 0644), Privacy::secret).has_value());
        CHECK_FALSE(read_private(f.file("w", "x", 0620), Privacy::mine).has_value());
        CHECK_FALSE(read_private(f.path, Privacy::mine).has_value());
        CHECK_FALSE(read_private(f.path + "/none", Privacy::mine)->has_value());
        CHECK_FALSE(read_private("/dev/null/none", Privacy::mine)->has_value());
        REQUIRE(write_private(f.path + "/new", "abc").has_value());
        CHECK(**read_private(f.path + "/new", Privacy::secret) == "abc");
    }

    TEST_CASE("a file of users keeps what it has") {
        CHECK(with_user("", "a", "H") == "a:H\n");
        CHECK(with_user("# x\nab:1\na:2:more\na:3", "a", "H") == "# x\nab:1\na:H:more\n");
        CHECK(with_user("b:1", "a", "H") == "b:1\na:H\n");
        CHECK(with_user("b:1", "a", "H", "admin") == "b:1\na:H:admin\n");
        CHECK(with_user("a:1\nb:1", "a", "H", "admin") == "a:H:admin\nb:1\n");
        CHECK(with_user("a:1:viewer:more", "a", "H", "admin") == "a:H:admin:more\n");
    }

    TEST_CASE("arguments that are files are read, others are left alone") {
        const Folder f;
        command::Definition d;
        d.name = "x";
        d.args.resize(2);
        d.args[0].name = "request";
        d.args[0].flags = MH_ARG_FILE;
        d.args[1].name = "plain";
        const std::string at = "@" + f.file("r", "content\n");
        command::Given given{{"request", at}, {"plain", at}, {"request", "@"}, {"request", "a@b"}};
        REQUIRE(read_argument_files(d, given).has_value());
        CHECK(given ==
              command::Given{
                  {"request", "content\n"}, {"plain", at}, {"request", "@"}, {"request", "a@b"}});
        given = {{"request", "@" + f.path + "/none"}};
        CHECK_FALSE(read_argument_files(d, given).has_value());
        given = {{"request", "@" + f.file("large", std::string(kLargestArgument + 1, 'x'))}};
        CHECK_FALSE(read_argument_files(d, given).has_value());
    }
}
