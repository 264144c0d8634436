// SPDX-License-Identifier: Apache-2.0
#include "observe/escape.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace microhost::observe;

namespace {

std::string text(std::string_view in, bool quoted = false) {
    std::string out;
    append_text_escaped(out, in, quoted);
    return out;
}
std::string json(std::string_view in) {
    std::string out;
    append_json_escaped(out, in);
    return out;
}
std::string apache(std::string_view in, bool column = false) {
    std::string out;
    append_apache_escaped(out, in, column);
    return out;
}

}  // namespace

TEST_SUITE("host/observe") {
    TEST_CASE("nothing in a text can end a line or drive a terminal") {
        struct Case {
            std::string_view in, text, json, apache;
        };
        using namespace std::string_view_literals;
        const Case cases[] = {
            {"plain", "plain", "plain", "plain"},
            {"a\nb", "a\\nb", "a\\nb", "a\\nb"},
            {"a\r\n", "a\\r\\n", "a\\r\\n", "a\\r\\n"},
            {"\x1b[2J", "\\x1b[2J", "\\u001b[2J", "\\x1b[2J"},
            {"\0"sv, "\\x00", "\\u0000", "\\x00"},
            {"\x7f", "\\x7f", "\\u007f", "\\x7f"},
            {"a\\b", "a\\\\b", "a\\\\b", "a\\\\b"},
            {"\xc2\x9b", "\\u009b", "\\u009b", "\\xc2\\x9b"},           // C1: CSI
            {"\xe2\x80\xa8", "\\u2028", "\\u2028", "\\xe2\\x80\\xa8"},  // line separator
            {"\xe2\x80\xae", "\\u202e", "\\u202e", "\\xe2\\x80\\xae"},  // right-to-left override
            {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f",
             "gr\\xc3\\xbc\\xc3\\x9f"},
            {"\xf0\x9f\x90\x9d", "\xf0\x9f\x90\x9d", "\xf0\x9f\x90\x9d", "\\xf0\\x9f\\x90\\x9d"},
            {"\xff", "\\xff", "\\ufffd", "\\xff"},
            {"\xc3", "\\xc3", "\\ufffd", "\\xc3"},                       // cut short
            {"\xc0\x8a", "\\xc0\\x8a", "\\ufffd\\ufffd", "\\xc0\\x8a"},  // overlong newline
            {"\xed\xa0\x80", "\\xed\\xa0\\x80", "\\ufffd\\ufffd\\ufffd", "\\xed\\xa0\\x80"},
            {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\ufffd\\ufffd\\ufffd\\ufffd",
             "\\xf4\\x90\\x80\\x80"},
        };
        for (const Case& c : cases) {
            CAPTURE(c.in);
            CHECK(text(c.in) == c.text);
            CHECK(json(c.in) == c.json);
            CHECK(apache(c.in) == c.apache);
        }
        CHECK(text("a\"b", true) == "a\\\"b");
        CHECK(text("a\"b", false) == "a\"b");
        CHECK(json("a\"b") == "a\\\"b");
        CHECK(apache("a\"b") == "a\\\"b");
        CHECK(apache("a b") == "a b");
        CHECK(apache("a b", true) == "a\\x20b");
    }

    TEST_CASE("every byte below 0x20 and every lone high byte is escaped in all three forms") {
        for (int byte = 0; byte < 256; ++byte) {
            const std::string in(1, static_cast<char>(byte));
            const bool shown = byte >= 0x20 && byte < 0x7f;
            for (const std::string& out : {text(in), json(in), apache(in)}) {
                CAPTURE(byte);
                for (const char c : out) CHECK((c >= 0x20 && c < 0x7f));
                if (!shown) CHECK(out.size() >= 2);
            }
        }
    }

    TEST_CASE("a clipped text never ends in half a character") {
        CHECK(utf8_clip("abc", 3) == "abc");
        CHECK(utf8_clip("abcd", 3) == "abc");
        CHECK(utf8_clip("ab\xc3\xbc", 3) == "ab");
        CHECK(utf8_clip("ab\xc3\xbcz", 4) == "ab\xc3\xbc");
        for (const std::size_t limit : {1u, 2u, 3u})
            CHECK(utf8_clip("\xf0\x9f\x90\x9d!", limit) == "");
        CHECK(utf8_clip("\xf0\x9f\x90\x9d!", 4) == "\xf0\x9f\x90\x9d");
        CHECK(utf8_clip("\x80\x80\x80\x80\x80\x80", 5).size() == 5);
        CHECK(utf8_clip("abc", 0) == "");
    }
}
