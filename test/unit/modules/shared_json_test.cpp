// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fake_host.hpp"
#include "modules/shared/base64.hpp"
#include "modules/shared/error_json.hpp"
#include "modules/shared/json_span.hpp"
#include "modules/shared/json_writer.hpp"
#include "modules/shared/query_json.hpp"

using namespace microhost::shared;
using microhost::test::Json;

namespace {

std::string as_json(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string converted(std::string_view query, const mh_json_value* schema = nullptr) {
    const QueryResult r = query_to_json(query, &microhost::test::kJsonTable, schema);
    return r.ok ? r.text : "refused: " + r.text;
}

}  // namespace

TEST_SUITE("modules/shared") {
    TEST_CASE("errors are written as Micro writes them") {
        CHECK(
            error_json("go.micro.api", 500, "service not found") ==
            R"({"id":"go.micro.api","code":500,"detail":"service not found","status":"Internal Server Error"})");
        CHECK(
            error_json("go.micro.rpc", 400, "invalid service") ==
            R"({"id":"go.micro.rpc","code":400,"detail":"invalid service","status":"Bad Request"})");
        CHECK(error_json("x", 599, "").ends_with(R"("status":""})"));
        // Bytes of capture 30: the length that Go counted.
        CHECK(error_json("go.micro.api", 500,
                         "error during request: unknown field \"name\" in go_api.Request")
                  .size() == 139);
    }

    TEST_CASE("strings are escaped as Go does") {
        CHECK(as_json("a\"b\\c") == R"("a\"b\\c")");
        CHECK(as_json("<a&b>") == R"("\u003ca\u0026b\u003e")");
        CHECK(as_json("\n\r\t\x01\x1f") == R"("\n\r\t\u0001\u001f")");
        CHECK(as_json("J\xc3\xbcrgen \xf0\x9f\x98\x80") == "\"J\xc3\xbcrgen \xf0\x9f\x98\x80\"");
        CHECK(as_json("\xe2\x80\xa8\xe2\x80\xa9") == R"("\u2028\u2029")");
        for (const char* bad :
             {"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
            CHECK_MESSAGE(as_json(bad).starts_with("\"\\ufffd"), bad);
            CHECK_FALSE(is_utf8(bad));
        }
    }

    TEST_CASE("an error object is read, any other text is a detail without a code") {
        const auto* json = &microhost::test::kJsonTable;
        const ServiceError e = parse_error(
            json,
            R"({"id":"go.micro.srv.greeter","code":400,"detail":"no","status":"Bad Request"})");
        CHECK(e.code == 400);
        CHECK(error_json(e) ==
              R"({"id":"go.micro.srv.greeter","code":400,"detail":"no","status":"Bad Request"})");
        for (const char* text : {"plain error text", "", "{", "{}", "[1]", R"({"code":"x"})"}) {
            const ServiceError raw = parse_error(json, text);
            CHECK(raw.code == 0);
            CHECK(raw.detail == text);
        }
    }

    TEST_CASE("numbers are recognised by the grammar of JSON") {
        for (const char* yes : {"0", "-1", "12.5", "1e9", "1E-3", "9007199254740993"}) {
            CHECK_MESSAGE(is_json_number(yes), yes);
        }
        for (const char* no : {"", "-", "01", "1.", ".5", "1e", "0x10", "+1", "1 ", "NaN"}) {
            CHECK_FALSE_MESSAGE(is_json_number(no), no);
        }
    }

    TEST_CASE("a member's text is found without touching its digits") {
        const char* text =
            R"({"a":"}{\"","b":[1,{"request":0}],"request" : {"n":12345678901234567890.10, "s":"]"} , "z":1})";
        CHECK(member_text(text, "request") == R"({"n":12345678901234567890.10, "s":"]"})");
        CHECK(member_text(text, "Z") == "1");
        CHECK(member_text(text, "none").empty());
        CHECK(first_element_text(R"([ {"a":[1]} , 2])") == R"({"a":[1]})");
        CHECK(first_element_text("[]").empty());
        for (const char* broken :
             {"", "{", "{\"a", "{\"a\":", "{\"a\":\"", "[", "{]}", "\"", "{\"a\\"}) {
            member_text(broken, "a");
            first_element_text(broken);
        }
    }

    TEST_CASE("base64 survives every length and refuses garbage") {
        std::string bytes, back;
        for (int i = 0; i < 70; ++i) {
            REQUIRE(base64_decode(base64_encode(bytes), back));
            CHECK(back == bytes);
            bytes += static_cast<char>(i * 37);
        }
        for (const char* bad : {"a", "ab=c", "====", "a===", "ab\ncd==="}) {
            CHECK_FALSE_MESSAGE(base64_decode(bad, back), bad);
        }
    }

    TEST_CASE("a query becomes JSON by Micro's rules when the endpoint is unknown") {
        const char* rows[][2] = {
            {"name=John", R"({"name":"John"})"},
            {"n=12&f=1.5&t=true&x=null&q=%22s%22", R"({"n":12,"f":1.5,"t":true,"x":null,"q":"s"})"},
            {"a[b][c]=2&a[b][d]=x", R"({"a":{"b":{"c":2,"d":"x"}}})"},
            {"a%5Bb%5D=1", R"({"a":{"b":1}})"},
            {"a[]=1&a[]=2", R"({"a":[1,2]})"},
            {"a=1&a=2", R"({"a":2})"},
            {"o={\"x\":1}", R"({"o":{"x":1}})"},
            {"o={x", R"({"o":"{x"})"},
            {"t=abc==", R"({"t":"abc=="})"},
            {"empty=", R"({"empty":""})"},
            {"a[b=1&c]=2", R"({"a[b":1,"c]":2})"},
        };
        for (const auto& row : rows) CHECK_MESSAGE(converted(row[0]) == row[1], row[0]);
    }

    TEST_CASE("a clash, a bare name or hostile nesting is refused, never a crash") {
        std::string deep = "a";
        for (int i = 0; i < 5000; ++i) deep += "[b]";
        for (const std::string& bad :
             {std::string("a=1&a[b]=2"), std::string("a[b]=2&a=1"), std::string("a[]=1&a[b]=2"),
              std::string("a[b]=1&a[]=2"), std::string("a=1&a[]=2"), std::string("flag"),
              std::string("a[][b]=1"), deep + "=1", std::string("a=%zz")}) {
            CHECK_MESSAGE(converted(bad).starts_with("refused: "), bad.substr(0, 40));
        }
    }

    TEST_CASE("values follow the registered schema of the endpoint") {
        const Json schema(R"({"name":"Req","type":"Req","values":[
            {"name":"name","type":"string"},{"name":"age","type":"int64"},{"name":"ok","type":"bool"},
            {"name":"ids","type":"[]string"},{"name":"nums","type":"[]int32"},{"name":"raw","type":"[]uint8"},
            {"name":"sub","type":"Sub","values":[{"name":"zip","type":"string"}]}]})");
        const char* rows[][2] = {
            {"name=123", R"({"name":"123"})"},
            {"name=true", R"({"name":"true"})"},
            {"age=9007199254740993", R"({"age":9007199254740993})"},
            {"ok=1", R"({"ok":true})"},
            {"ids=1", R"({"ids":["1"]})"},
            {"ids=1&ids=2", R"({"ids":["1","2"]})"},
            {"ids[]=1&ids[]=2", R"({"ids":["1","2"]})"},
            {"nums=1&nums=2", R"({"nums":[1,2]})"},
            {"nums=[1,2]", R"({"nums":[1,2]})"},
            {"raw=AAE=", R"({"raw":"AAE="})"},
            {"sub[zip]=01234", R"({"sub":{"zip":"01234"}})"},
            {"other=5", R"({"other":5})"},
        };
        for (const auto& row : rows)
            CHECK_MESSAGE(converted(row[0], schema.root()) == row[1], row[0]);
        for (const char* bad : {"age=x", "age=1.5", "ok=maybe", "nums=x"}) {
            CHECK_MESSAGE(converted(bad, schema.root()).starts_with("refused: "), bad);
        }
    }
}
