// SPDX-License-Identifier: Apache-2.0
#include "config/surroundings.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

using namespace microhost::config;

namespace {

struct TempFolder {
    TempFolder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "microhost-XXXXXX").string();
        path = mkdtemp(pattern.data());
    }
    ~TempFolder() { std::filesystem::remove_all(path); }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    void write(const std::string& name, std::string_view text) const {
        std::filesystem::create_directories(std::filesystem::path(path + "/" + name).parent_path());
        std::ofstream(path + "/" + name) << text;
    }
    std::string path;
};

std::string folder(const char* key, Environment environment, unsigned uid) {
    Surroundings in;
    in.environment = std::move(environment);
    in.uid = uid;
    in.program_dir = "/opt/m/bin";
    return default_folder(key, in).path;
}

}  // namespace

TEST_SUITE("host/config") {
    TEST_CASE("folders follow the user and XDG") {
        CHECK(folder("runtime_dir", {}, 0) == "/run/microhost");
        CHECK(folder("runtime_dir", {}, 7) == "/tmp/microhost-7");
        CHECK(folder("runtime_dir", {{"XDG_RUNTIME_DIR", "/run/user/7"}}, 7) ==
              "/run/user/7/microhost");
        CHECK(folder("module_path", {}, 7) == "/opt/m/lib/microhost");
        CHECK(folder("state_dir", {}, 0) == "/var/lib/microhost");
        CHECK(folder("state_dir", {{"HOME", "/h"}}, 7) == "/h/.local/state/microhost");
        CHECK(folder("state_dir", {{"HOME", "/h"}, {"XDG_STATE_HOME", "/s"}}, 7) == "/s/microhost");
        CHECK(folder("state_dir", {{"XDG_STATE_HOME", "/s"}, {"STATE_DIRECTORY", "/a:/b"}}, 0) ==
              "/a");
    }

    TEST_CASE("the file is the flag's, the variable's or the user's") {
        const TempFolder temp;
        temp.write("flag.json", R"({"load":"flag"})");
        temp.write("variable.json", R"({"load":"variable"})");
        temp.write("user/microhost/microhost.json", R"({"load":"user"})");
        Surroundings in;
        in.environment["XDG_CONFIG_HOME"] = temp.path + "/user";
        const auto load = [&](const char* flag) {
            const auto file = read_file(flag, in);
            REQUIRE_MESSAGE(file.has_value(), file.error().what);
            return std::string(file->document.root().find("load").as_string().value_or(""));
        };
        CHECK(load("") == "user");
        in.environment["MICROHOST_CONFIG"] = temp.path + "/variable.json";
        CHECK(load("") == "variable");
        CHECK(load((temp.path + "/flag.json").c_str()) == "flag");
    }

    TEST_CASE("a file that was named and is not there, is a folder or is damaged is an error") {
        const TempFolder temp;
        temp.write("damaged.json", "{\n \"load\": [,]\n}");
        temp.write("list.json", "[]");
        Surroundings in;
        const std::string at = temp.path + "/";
        CHECK(read_file(at + "none.json", in).error().what ==
              at + "none.json: no such file, but --config names it");
        CHECK(read_file(temp.path, in).error().what == temp.path + ": is a directory, not a file");
        CHECK(read_file(at + "damaged.json", in).error().what ==
              at + "damaged.json:2:11: invalid value");
        CHECK(read_file(at + "list.json", in).error().what ==
              at + "list.json: the configuration must be an object, but is an array");
        in.environment["MICROHOST_CONFIG"] = at + "none.json";
        CHECK(read_file("", in).error().what ==
              at + "none.json: no such file, but MICROHOST_CONFIG names it");
    }

    TEST_CASE("the surroundings of this process are known") {
        const Surroundings in = Surroundings::here();
        CHECK_FALSE(in.program_dir.empty());
        CHECK_FALSE(in.variable("PATH").empty());
    }
}
