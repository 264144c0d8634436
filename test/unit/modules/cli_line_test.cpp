// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "command/words.hpp"
#include "modules/cli/candidates.hpp"
#include "modules/cli/history.hpp"
#include "modules/cli/line.hpp"

using namespace microhost::cli;
namespace fs = std::filesystem;

namespace {

Words words_of(std::string_view line) { return split(line).texts(); }

/// A folder that ends with the test.
struct Folder {
    fs::path path;
    Folder() {
        std::string name = (fs::temp_directory_path() / "microhost-history-XXXXXX").string();
        path = ::mkdtemp(name.data());
    }
    ~Folder() { fs::remove_all(path); }
    std::string file() const { return (path / "history").string(); }
    std::string text() const {
        std::ifstream in(file());
        return {std::istreambuf_iterator<char>(in), {}};
    }
};

}  // namespace

TEST_SUITE("modules/cli/line") {
    TEST_CASE("words are those of the host, which splits lines too") {
        for (const char* line :
             {"", "  ", "list services", " a\tb  c ", "'a b' \"c d\"", "a'b'\"c\"d", "''", "\"\"",
              "a\\ b", "\"a\\\"b\"", "'a\\b'", "a\\", "x=1 y:='{\"a\": 1}'", "zo\u00eb"}) {
            CAPTURE(line);
            CHECK(words_of(line) == *microhost::command::split(line));
            CHECK(split(line).problem().empty());
        }
    }

    TEST_CASE("a quote that is not closed is said, as the host says it") {
        for (const char* line : {"'", "call 'a b", "x \"y", "a\"b'"}) {
            CAPTURE(line);
            CHECK(split(line).problem() == microhost::command::split(line).error().what);
        }
    }

    TEST_CASE("JSON needs no quotes") {
        CHECK(words_of(R"(call a B.C {"name": "John 'x' }{"} -o raw)") ==
              Words{"call", "a", "B.C", R"({"name": "John 'x' }{"})", "-o", "raw"});
        CHECK(words_of(R"(a [1, {"b": "\"]"}]c)") == Words{"a", R"([1, {"b": "\"]"}]c)"});
        CHECK(words_of("call {a b") == Words{"call", "{a", "b"});
        CHECK(split(R"(call {"name": "Jo)").problem() == "the quote \" is not closed");
    }

    TEST_CASE("what is quoted is one word again") {
        for (const char* word :
             {"", "a", "a b", "it's", "{\"a\": 1}", "a\\b", "\"", "$x;`y`", "zo\u00eb"}) {
            CAPTURE(word);
            CHECK(words_of(quoted_word(word)) == Words{word});
            CHECK(*microhost::command::split(quoted_word(word)) == Words{word});
        }
        CHECK(quoted_word("go.micro.srv.greeter") == "go.micro.srv.greeter");
        CHECK(quoted_word("a b", true) == "'a b");
    }

    TEST_CASE("Micro's shorter forms") {
        const auto is = [](const char* typed, const char* meant) {
            CAPTURE(typed);
            CHECK(expanded(words_of(typed)) == words_of(meant));
        };
        is("list", "list services");
        is("ls", "list services");
        is("services", "list services");
        is("services -o json", "list services -o json");
        is("list --output json", "list --output json");
        is("list nodes x", "list nodes x");
        is("ls nodes x", "list nodes x");
        is("get greeter", "get service greeter");
        is("get service greeter", "get service greeter");
        is("get", "get");
        is("get --help", "get --help");
        is("register {\"name\": 1}", "register service {\"name\": 1}");
        is("deregister service {}", "deregister service {}");
        is("?", "help");
        is("microhost get greeter", "get service greeter");
        is("micro", "");
        is("", "");
    }

    TEST_CASE("what is asked for completion") {
        const auto is = [](const char* typed, const char* prefix, std::vector<const char*> asked) {
            CAPTURE(typed);
            std::vector<Words> lines;
            for (const char* a : asked) lines.push_back(words_of(a));
            CHECK(completed(words_of(typed), prefix) == lines);
        };
        is("", "l", {""});
        is("get", "gr", {"get", "get service"});
        is("get service", "gr", {"get service"});
        is("get greeter", "--", {"get service greeter"});
        is("list", "", {"list"});
        is("list", "--", {"list", "list services"});
        is("help list", "", {"list"});
        is("microhost call", "g", {"call"});
    }

    TEST_CASE("the common beginning ends between characters") {
        CHECK(common_beginning({}).empty());
        CHECK(common_beginning({"services"}) == "services");
        CHECK(common_beginning({"go.a", "go.b", "go."}) == "go.");
        CHECK(common_beginning({"zo\u00eb", "zo\u00ea"}) == "zo");
    }

    TEST_CASE("columns fit the terminal, and a long list ends") {
        CHECK(in_columns({"a", "bb", "ccc", "d", "e"}, 10) == "a    d\nbb   e\nccc\n");
        CHECK(in_columns({"a", "bb"}, 1) == "a\nbb\n");
        CHECK(in_columns({}, 80).empty());
        CHECK(in_columns(std::vector<std::string>(1000, "x"), 10).ends_with("... and 800 more\n"));
    }
}

TEST_SUITE("modules/cli/history") {
    TEST_CASE("lines are kept for the next session, readable by their owner alone") {
        const Folder folder;
        History first(folder.file());
        CHECK(first.add("list services"));
        CHECK_FALSE(first.add("list services"));
        CHECK_FALSE(first.add(""));
        CHECK(first.add("get greeter"));
        CHECK(first.add("list services"));
        CHECK(folder.text() == "list services\nget greeter\nlist services\n");
        struct stat about {};
        REQUIRE(::stat(folder.file().c_str(), &about) == 0);
        CHECK((about.st_mode & 0777) == 0600);
        CHECK(History(folder.file()).lines() == first.lines());
        CHECK(first.take_problem().empty());
    }

    TEST_CASE("what may be a secret is not kept") {
        const Folder folder;
        History h(folder.file());
        for (const char* line :
             {"passwd john", "token create", "call a B.C --metadata Authorization=x",
              "call a B.C 'Bearer x'", "call a B.C PASSWORD=x"}) {
            CAPTURE(line);
            CHECK_FALSE(h.add(line));
        }
        CHECK(h.lines().empty());
        CHECK_FALSE(fs::exists(folder.file()));
    }

    TEST_CASE("of a long file the end counts, and it is shortened") {
        const Folder folder;
        {
            std::ofstream out(folder.file());
            for (int i = 0; i < 3000; i++) out << "line " << i << "\n";
        }
        const History h(folder.file());
        CHECK(h.lines().size() == kMostLines);
        CHECK(h.lines().back() == "line 2999");
        CHECK(folder.text().starts_with("line 2000\n"));
    }

    TEST_CASE("without a file it is told, once, and the session goes on") {
        History none("");
        CHECK(none.take_problem().find("state_dir") != std::string::npos);
        CHECK(none.take_problem().empty());
        CHECK(none.add("list"));
        const Folder folder;
        History wrong((folder.path / "nowhere/history").string());
        CHECK(wrong.add("list"));
        CHECK(wrong.take_problem().find("nowhere/history: No such file") != std::string::npos);
        CHECK(wrong.add("list nodes x"));
        CHECK(wrong.take_problem().empty());
    }
}
