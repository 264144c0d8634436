// SPDX-License-Identifier: Apache-2.0
#include "json/writer.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "json/document.hpp"

using microhost::json::Document;
using microhost::json::quote;
using microhost::json::to_text;
using microhost::json::Writer;

TEST_SUITE("host/json") {
    TEST_CASE("objects and arrays are written with commas in the right places") {
        std::string out;
        Writer w{out};
        w.object().key("a").array().int64(-1).uint64(2).string("x").null().boolean(true).end();
        w.key("o").object().end().key("r").raw("[1]").key("e").array().end().end();
        CHECK(out == R"({"a":[-1,2,"x",null,true],"o":{},"r":[1],"e":[]})");
        CHECK(w.complete());
    }

    TEST_CASE("pretty text has one member a line") {
        std::string out;
        Writer{out, {.pretty = true}}
            .object()
            .key("a")
            .array()
            .int64(1)
            .end()
            .key("b")
            .object()
            .end()
            .end();
        CHECK(out == "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}");
    }

    TEST_CASE("strings are escaped, and for Go's readers as Go does") {
        struct Case {
            std::string_view text, plain, go;
        };
        using namespace std::string_view_literals;
        for (const Case& c : {
                 Case{"a\"b\\c\n\r\t", R"("a\"b\\c\n\r\t")", R"("a\"b\\c\n\r\t")"},
                 Case{"<a>&", R"("<a>&")", R"("\u003ca\u003e\u0026")"},
                 Case{"\x01\x1f\0"sv, R"("\u0001\u001f\u0000")", R"("\u0001\u001f\u0000")"},
                 Case{"\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\"",
                      "\"\xc3\xa9\xf0\x9f\x98\x80\""},
                 Case{"\xff!", "\"\xef\xbf\xbd!\"", R"("\ufffd!")"},
                 Case{"\xe2\x80\xa8", "\"\xe2\x80\xa8\"", R"("\u2028")"},
                 Case{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
                      R"("\ufffd\ufffd\ufffd")"},
                 Case{"", "\"\"", "\"\""},
             }) {
            std::string go;
            Writer{go, {.go = true}}.string(c.text);
            CHECK(quote(c.text) == c.plain);
            CHECK(go == c.go);
        }
    }

    TEST_CASE("numbers are written shortest, in Go's form") {
        struct Case {
            double v;
            const char* text;
        };
        for (const Case& c :
             {Case{1, "1"}, Case{0.1, "0.1"}, Case{-2.5, "-2.5"},
              Case{1e20, "100000000000000000000"}, Case{1e21, "1e+21"}, Case{1e-6, "0.000001"},
              Case{1e-7, "1e-7"}, Case{0, "0"}, Case{1.5e300, "1.5e+300"}, Case{5e-324, "5e-324"},
              Case{std::numeric_limits<double>::infinity(), "null"}}) {
            std::string out;
            Writer{out}.number(c.v);
            CHECK(out == c.text);
        }
    }

    TEST_CASE("what was parsed is written again unchanged") {
        const char* text = R"({"z":[1,-2,18446744073709551615,1.5,null,true,"\u0001é"],"a":{}})";
        const auto d = Document::parse(text);
        REQUIRE(d.has_value());
        CHECK(d->text() == text);
        CHECK(Document::parse(d->text(true))->text() == text);
        CHECK(to_text({}) == "null");
    }

    TEST_CASE("a number beyond 64 bits is written so that it can be read again") {
        for (const char* text : {"[2.5e20]", "[1e20]", "[1.23456789012345678901e20]", "[3.3e20]",
                                 "[-18446744073709551616]", "[1e21]"}) {
            CAPTURE(text);
            const auto d = Document::parse(text);
            REQUIRE(d.has_value());
            const auto again = Document::parse(d->text());
            REQUIRE(again.has_value());
            CHECK(again->text() == d->text());
        }
    }

    TEST_CASE("more levels than the writer keeps in place are written too") {
        std::string out;
        Writer w{out};
        for (int i = 0; i < 60; ++i) w.array();
        for (int i = 0; i < 60; ++i) w.end();
        CHECK(out == std::string(60, '[') + std::string(60, ']'));
    }
}
