// SPDX-License-Identifier: Apache-2.0
#include "json/document.hpp"

#include <doctest/doctest.h>

#include "json/nearest.hpp"

using microhost::json::Document;
using microhost::json::Kind;
using microhost::json::Options;
using microhost::json::Value;

namespace {

Document parsed(std::string_view text, const Options& options = {}) {
    auto r = Document::parse(text, options);
    REQUIRE_MESSAGE(r.has_value(), (r ? "" : r.error().what));
    return *r;
}

std::string refusal(std::string_view text, const Options& options = {}) {
    auto r = Document::parse(text, options);
    return r ? "accepted" : r.error().what;
}

}  // namespace

TEST_SUITE("host/json") {
    TEST_CASE("every kind of value can be read") {
        const Document d = parsed(
            R"({"b":true,"i":-7,"u":18446744073709551615,"d":1.5,"s":"x","n":null,"a":[1,2],"o":{"k":"v"}})");
        const Value v = d.root();
        CHECK(v.find("b").as_bool() == true);
        CHECK(v.find("i").as_int64() == -7);
        CHECK_FALSE(v.find("i").as_uint64());
        CHECK(v.find("u").as_uint64() == 18446744073709551615ULL);
        CHECK_FALSE(v.find("u").as_int64());
        CHECK(v.find("d").as_double() == 1.5);
        CHECK_FALSE(v.find("d").is_int());
        CHECK(v.find("i").as_double() == -7.0);
        CHECK(v.find("s").as_string() == "x");
        CHECK_FALSE(v.find("s").as_int64());
        CHECK(v.find("n").is_null());
        CHECK(static_cast<bool>(v.find("n")));
        CHECK(v.find("a").size() == 2);
        CHECK(v.find("a").at(1).as_int64() == 2);
        CHECK_FALSE(static_cast<bool>(v.find("a").at(2)));
        CHECK(v.find("o").kind() == Kind::object);
        CHECK_FALSE(static_cast<bool>(v.find("zzz").find("deeper").at(3)));
    }

    TEST_CASE("members come in the order of the text") {
        const Document d = parsed(R"({"z":1,"a":2,"m":3})");
        std::string order;
        for (auto [key, value] : d.root().members()) order += key;
        CHECK(order == "zam");
    }

    TEST_CASE("a JSON pointer finds members and elements") {
        const Document d = parsed(R"({"a":{"b":[10,{"c/d~":true}]},"":5})");
        CHECK(d.root().find_pointer("/a/b/0").as_int64() == 10);
        CHECK(d.root().find_pointer("/a/b/1/c~1d~0").as_bool() == true);
        CHECK(d.root().find_pointer("/").as_int64() == 5);
        CHECK(d.root().find_pointer("").is_object());
        for (const char* nothing :
             {"/a/x", "/a/b/2", "/a/b/01", "/a/b/-", "/a/b/0x", "a", "/a/b/99999999999999999999"})
            CHECK_MESSAGE(!d.root().find_pointer(nothing), nothing);
    }

    TEST_CASE("a copy outlives the document it came from") {
        Value root;
        Document copy;
        {
            const Document d = parsed(R"(["kept"])");
            copy = d;
            root = d.root();
        }
        CHECK(root.at(0).as_string() == "kept");
    }

    TEST_CASE("errors name line and column") {
        struct Case {
            const char* text;
            const char* what;
        };
        for (const Case& c : {
                 Case{"{\n  \"a\": 1\n  \"b\": 2\n}",
                      "3:3: missing a comma or '}' after an object member"},
                 Case{"", "1:1: the document is empty"},
                 Case{"[1,2,]", "1:6: invalid value"},
                 Case{"{} x", "1:4: the document root must not be followed by other values"},
                 Case{"{\"a\":1,\n\"a\":2}", "2:4: the key \"a\" appears twice"},
                 Case{"[99999999999999999999]", "1:2: this integer does not fit 64 bits"},
                 Case{"[-9223372036854775809]", "1:2: this integer does not fit 64 bits"},
                 Case{"// note\n1", "1:1: invalid value"},
             })
            CHECK(refusal(c.text) == c.what);
        CHECK(refusal("[1e999]").find("1:2: ") == 0);
        CHECK(refusal("[\"\xff\"]").find("invalid encoding") != std::string::npos);
        CHECK(refusal("[\"\xed\xa0\x80\"]") != "accepted");  // a surrogate
        CHECK(refusal("[\"\xc0\xaf\"]") != "accepted");      // overlong
        CHECK(refusal("[\"\\ud800\"]") != "accepted");
        CHECK(refusal("[NaN]") != "accepted");
        CHECK(refusal("['a']") != "accepted");
    }

    TEST_CASE("the same key in two different objects is fine") {
        CHECK(refusal(R"({"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":1}]})") == "accepted");
    }

    TEST_CASE("large doubles and exponents are numbers, not overflown integers") {
        const Document d = parsed("[1e30, 12345678901234567890123.5, 1E+22, 5e-7, -0]");
        CHECK(d.root().at(0).as_double() == 1e30);
        CHECK(d.root().at(2).as_double() == 1e22);
        CHECK(d.root().at(3).as_double() == 5e-7);
    }

    TEST_CASE("numbers at the ends of what a double holds") {
        const std::string zeros(700, '0');
        const auto number = [](const std::string& text) {
            return parsed("[" + text + "]").root().at(0).as_double();
        };
        CHECK(number("4.9e-324") == 4.9e-324);
        CHECK(number("1.7976931348623157e308") == 1.7976931348623157e308);
        CHECK(number("0." + zeros + "1e701") == 1);
        for (const std::string& tiny : std::initializer_list<std::string>{
                 "1e-325", "-2.5e-353", "0." + zeros + "9", "100e-330",
                 "0." + zeros + "1e-99999999999999999999", "0." + zeros + "1e-9223372036854775807"})
            CHECK_MESSAGE(number(tiny) == 0, tiny);
        for (const std::string& huge : std::initializer_list<std::string>{
                 "1e309", "-9.9e308", "0." + zeros + "1e1100", "1" + zeros,
                 "1e99999999999999999999", "1" + zeros + "e9223372036854775807"})
            CHECK_MESSAGE(refusal("[" + huge + "]").find("1:2: ") == 0, huge);
        const Document d =
            parsed("[-0, 9223372036854775807, 18446744073709551615, -9223372036854775808]");
        CHECK(d.root().at(0).as_int64() == 0);
        CHECK(d.root().at(1).as_int64() == INT64_MAX);
        CHECK(d.root().at(2).as_uint64() == UINT64_MAX);
        CHECK(d.root().at(3).as_int64() == INT64_MIN);
    }

    TEST_CASE("NUL bytes are refused, an escaped one only where it is said so") {
        using namespace std::string_view_literals;
        CHECK(refusal("{}\0{}"sv) == "1:3: a NUL byte in the text");
        CHECK(refusal("\0"sv) != "accepted");
        CHECK(refusal("[\"a\0b\"]"sv) != "accepted");
        CHECK(refusal("[\"a\\u0000b\"]") == "accepted");
        CHECK(parsed("[\"a\\u0000b\"]").root().at(0).as_string() == "a\0b"sv);
        Options strict;
        strict.nul = false;
        CHECK(refusal("[\"a\\u0000b\"]", strict) == "1:12: a string must not contain \\u0000 here");
        CHECK(refusal("{\"a\\u0000b\":1}", strict) != "accepted");
    }

    TEST_CASE("depth and size are bounded") {
        CHECK(refusal(std::string(64, '[') + std::string(64, ']')) == "accepted");
        CHECK(refusal(std::string(65, '[') + std::string(65, ']')) ==
              "1:66: more than 64 levels deep");
        CHECK(refusal(std::string(1000000, '[')).find("more than 64 levels") != std::string::npos);
        Options small;
        small.max_bytes = 4;
        CHECK(refusal("[1,2]", small) == "1:1: 5 bytes are more than the 4 allowed");
    }

    TEST_CASE("comments are read where they are allowed") {
        Options comments;
        comments.comments = true;
        const Document d = parsed("// one\n{ /* two */ \"a\": 1 // three\n}", comments);
        CHECK(d.root().find("a").as_int64() == 1);
        CHECK(refusal("[1] /* open", comments) != "accepted");
    }

    TEST_CASE("the line of a key is known") {
        Options lines;
        lines.lines = true;
        const Document d = parsed(
            "{\n \"a\": {\n  \"b/c\": 1,\n\n  \"d\": 2\n },\n \"e\": [{\"f\": 1}]\n}", lines);
        CHECK(d.line_of("/a") == 2U);
        CHECK(d.line_of("/a/b~1c") == 3U);
        CHECK(d.line_of("/a/d") == 5U);
        CHECK(d.line_of("/e") == 7U);
        CHECK_FALSE(d.line_of("/e/0/f"));
        CHECK_FALSE(d.line_of("/nothing"));
    }

    TEST_CASE("a mistyped word is answered with the nearest known one") {
        using microhost::json::did_you_mean;
        using microhost::json::nearest;
        CHECK(nearest("adress", {"address", "module", "tls"}) == "address");
        CHECK(nearest("moduel", {"address", "module", "tls"}) == "module");
        CHECK(nearest("runtime-dir", {"runtime_dir"}) == "runtime_dir");
        CHECK(nearest("xyzzy", {"address", "module", "tls"}).empty());
        CHECK(nearest("a", {"b"}).empty());
        CHECK(did_you_mean("adress", {"address"}) == "; did you mean \"address\"?");
        CHECK(nearest(std::string(100000, 'a'), {"address"}).empty());
    }
}
