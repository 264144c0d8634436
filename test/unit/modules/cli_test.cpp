// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fake_host.hpp"
#include "modules/cli/go_text.hpp"
#include "modules/cli/indent.hpp"
#include "modules/cli/request.hpp"
#include "modules/cli/service_text.hpp"

using namespace microhost::cli;

namespace {

/// The glue's JSON comes from the host.
struct WithJson {
    WithJson() { mh::the_table<mh_json> = &microhost::test::kJsonTable; }
};

std::string text_of(std::vector<std::string> words) { return read_request(words).text; }

std::string problem_of(std::vector<std::string> words) {
    try {
        check_object(read_request(words).text);
    } catch (const mh::failure& f) {
        return f.what();
    }
    return {};
}

}  // namespace

TEST_SUITE("modules/cli") {
    TEST_CASE("JSON is indented as Go does it") {
        CHECK(indented(R"({"msg":"Hello John"})") == "{\n\t\"msg\": \"Hello John\"\n}");
        CHECK(indented("{}") == "{}");
        CHECK(indented("[ ]") == "[]");
        CHECK(
            indented(R"({"a":[1,{"b":{}}],"c":"x,{\"y"})") ==
            "{\n\t\"a\": [\n\t\t1,\n\t\t{\n\t\t\t\"b\": {}\n\t\t}\n\t],\n\t\"c\": \"x,{\\\"y\"\n}");
        CHECK(indented(" 12 ") == "12");
        CHECK(compact("{ \"a b\" : 1 ,\n\t\"c\": [ ] }") == R"({"a b":1,"c":[]})");
        // What is no JSON ends all the same.
        CHECK(indented("}}]\"x").ends_with("\"x"));
    }

    TEST_CASE("a request is nothing, JSON, fields, a file or the input") {
        const WithJson json;
        CHECK(text_of({}) == "{}");
        CHECK(text_of({"{\"a\":", "1}"}) == "{\"a\": 1}");
        CHECK(text_of({"name=John", "age:=3", "a.b=c=d"}) ==
              R"({"name":"John","age":3,"a.b":"c=d"})");
        CHECK(text_of({"empty="}) == R"({"empty":""})");
        CHECK(read_request(std::vector<std::string>{"-"}).from == Request::From::input);
        const Request file = read_request(std::vector<std::string>{"@a.json"});
        CHECK(file.from == Request::From::file);
        CHECK(file.text == "a.json");
    }

    TEST_CASE("what cannot be sent is said before anything is sent") {
        const WithJson json;
        CHECK(problem_of({"{"}).find("not JSON") != std::string::npos);
        CHECK(problem_of({"[]"}).find("object") != std::string::npos);
        CHECK(problem_of({"a=1", "b"}).find("\"b\" is no field") != std::string::npos);
        CHECK(problem_of({"a=1", "a:=2"}).find("twice") != std::string::npos);
        CHECK(problem_of({"a:=x"}).find("write a=") != std::string::npos);
        CHECK(problem_of({"a=\"quoted\""}).empty());
    }

    TEST_CASE("names are written as Micro writes them") {
        CHECK(snake("name") == "name");
        CHECK(snake("userName") == "user_name");
        CHECK(snake("UserID") == "user_id");
        CHECK(snake("HTTPServer") == "http_server");
        CHECK(snake("already_small") == "already_small");
    }

    TEST_CASE("times and amounts are written as Go writes them") {
        CHECK(go_duration(0) == "0s");
        CHECK(go_duration(999) == "999ns");
        CHECK(go_duration(1'500) == "1.5\u00b5s");
        CHECK(go_duration(1'234'000) == "1.234ms");
        CHECK(go_duration(29'000'000'000) == "29s");
        CHECK(go_duration(3'723'000'000'000) == "1h2m3s");
        CHECK(go_duration(60'000'000'000) == "1m0s");
        CHECK(megabytes(2'590'144) == "2.47mb");
    }
}
