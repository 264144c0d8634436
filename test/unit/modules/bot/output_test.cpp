// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "modules/bot/output.hpp"
#include "modules/bot/parts.hpp"
#include "modules/bot/table.hpp"
#include "modules/bot/utf8.hpp"
#include "modules/bot/watches.hpp"
#include "modules/shared/json_writer.hpp"
#include "modules/shared/text.hpp"

using namespace microhost::bot;
using microhost::shared::str;

namespace {

std::string joined(const std::vector<std::string>& lines, char between = '\n') {
    std::string out;
    for (const std::string& l : lines) out += (out.empty() ? "" : std::string(1, between)) + l;
    return out;
}

std::string text_of(const Output& o) {
    std::string out;
    for (const Line& l : o.lines()) out += (l.code ? "|" : "") + l.text + "\n";
    return out;
}

std::vector<Line> numbered(int n, bool code = false) {
    std::vector<Line> out;
    for (int i = 1; i <= n; ++i) out.push_back({"line " + std::to_string(i), code});
    return out;
}

std::string html(std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '<' ? std::string("&lt;") : std::string(1, c);
    return out;
}

}  // namespace

TEST_SUITE("modules/bot") {
    TEST_CASE("columns stand beneath each other, wide characters too") {
        CHECK(
            joined(aligned({"name", "n"}, {{{"a"}, {"10", true}}, {{"long name"}, {"2", true}}})) ==
            "NAME        N\n"
            "a          10\n"
            "long name   2");
        CHECK(joined(aligned({}, {{{"日本"}, {"x"}}, {{"abcd"}, {"y"}}, {{"e\xcc\x81"}, {"z"}}})) ==
              "日本  x\nabcd  y\ne\xcc\x81     z");
        CHECK(joined(aligned({"a", "b"}, {{{std::string(100, 'x')}, {"y"}}, {{"z"}, {"w"}}}))
                  .find("\nz" + std::string(61, ' ') + "w") != std::string::npos);
        CHECK(joined(without_tabs(
                  {"id\t\taddress", "greeter-1\t\t:80", "", "\t{", "\t\tname string"})) ==
              "id         address\ngreeter-1  :80\n\n    {\n        name string");
    }

    TEST_CASE("what a command puts out becomes lines") {
        Output o;
        o.text("plain\nlines\n");
        const mh_str names[] = {str("id"), str("n")};
        o.columns(names, 2);
        const mh_cell cells[] = {{MH_TYPE_TEXT, 0, 0, 0, str("a\nb")},
                                 {MH_TYPE_INTEGER, 0, 7, 0, str("7")}};
        o.row(cells, 2);
        o.json(R"({"a":[1,{}],"b":"x, y"})");
        CHECK(text_of(o) ==
              "plain\nlines\n|ID   N\n|a b  7\n|{\n|  \"a\": [\n|    1,\n|    {}\n|  ],\n|  \"b\": "
              "\"x, y\"\n|}\n");
        Output tabs;
        tabs.text("a\tb\n");
        CHECK(text_of(tabs) == "|a  b\n");
        Output escape;
        escape.text("a\x1b[31mb\x01\r\n");
        CHECK(text_of(escape) == "a[31mb\n");
        Output none;
        none.columns(names, 2);
        CHECK(text_of(none) == "|ID  N\n");
        CHECK(Output().lines().empty());
    }

    TEST_CASE("an output without end is counted, not kept") {
        Output o;
        for (int i = 0; i < 100'000; ++i) o.text("0123456789\n");
        CHECK(o.bytes() <= 256 * 1024);
        CHECK(o.missing() + o.lines().size() >= 100'000);
        CHECK(o.missing() + o.lines().size() <= 100'002);
        Output one;
        one.text(std::string(1 << 20, 'x'));
        CHECK(one.missing() == 1);
        CHECK(one.lines()[0].text.size() == 256 * 1024);
    }

    TEST_CASE("an answer is cut at the ends of lines, and what is left is counted") {
        Format f;
        f.message_bytes = 100;
        f.messages = 2;
        CHECK(joined(parts_of(numbered(2), 0, f, "@ada: "), '|') == "@ada: line 1\nline 2");
        const auto parts = parts_of(numbered(100), 0, f);
        REQUIRE(parts.size() == 2);
        for (const std::string& p : parts) CHECK(p.size() <= 100);
        CHECK(parts[0].ends_with("line 13"));
        CHECK(parts[1].starts_with("line 14\n"));
        const size_t last = std::stoul(parts[1].substr(parts[1].rfind("...") + 3));
        CHECK(parts[1].ends_with(" more lines"));
        CHECK(static_cast<size_t>(std::ranges::count(parts[0], '\n') + 1 +
                                  std::ranges::count(parts[1], '\n')) +
                  last ==
              100);
        CHECK(joined(parts_of(numbered(1), 3, f)) == "line 1\n...3 more lines");
        CHECK(joined(parts_of({}, 1, f)) == "...1 more line");
        CHECK(parts_of({}, 0, f).empty());
    }

    TEST_CASE("a long line is cut between characters, and escaping counts") {
        Format f;
        f.message_bytes = 100;
        f.messages = 1000;
        std::string euros;
        for (int i = 0; i < 200; ++i) euros += "€";
        std::string all;
        for (const std::string& p : parts_of({{euros, false}}, 0, f)) {
            CHECK(p.size() <= 100);
            CHECK(microhost::shared::is_utf8(p));
            all += p;
        }
        std::erase(all, '\n');
        CHECK(all == euros);
        f.escape = html;
        all.clear();
        for (const std::string& p : parts_of({{std::string(300, '<'), false}}, 0, f)) {
            CHECK(p.size() <= 100);
            CHECK(p.ends_with("&lt;"));
            all += p;
        }
        std::erase(all, '\n');
        CHECK(all.size() == 1200);
    }

    TEST_CASE("tables are code blocks, in each message anew, and cannot be broken out of") {
        Format f;
        f.message_bytes = 100;
        f.code_begin = f.code_end = "```";
        CHECK(joined(parts_of({{"head", false}, {"a  b", true}, {"c  d", true}, {"tail", false}}, 0,
                              f, "@x: ")) == "@x: head\n```a  b\nc  d```\ntail");
        CHECK(joined(parts_of({{"a  b", true}}, 0, f, "@x: ")) == "@x:\n```a  b```");
        CHECK(joined(parts_of({{"a  b", true}}, 0, Format(), "@x: ")) == "@x:\na  b");
        for (const std::string& p : parts_of(numbered(40, true), 0, f)) {
            CHECK(p.size() <= 100);
            CHECK(p.starts_with("```"));
            CHECK(p.find("```", 3) != std::string::npos);
        }
        const std::string hostile = parts_of({{"x ``` <!channel> ```", true}}, 0, f)[0];
        CHECK(hostile.find("```", 3) == hostile.size() - 3);
    }

    TEST_CASE("where a message is one line each line is one") {
        Format f;
        f.message_bytes = 100;
        f.messages = 3;
        f.lines = false;
        CHECK(joined(parts_of({{"", false}, {"a", false}, {"b", true}}, 0, f, "@x: "), '|') ==
              "@x: a|b");
        CHECK(joined(parts_of(numbered(10), 0, f, "@x: "), '|') ==
              "@x: line 1|line 2|...8 more lines");
        CHECK(joined(parts_of(numbered(3), 0, f), '|') == "line 1|line 2|line 3");
        CHECK(joined(parts_of(numbered(1), 5, f), '|') == "line 1 ...5 more lines");
        const auto cut = parts_of({{std::string(150, 'x'), false}}, 0, f);
        REQUIRE(cut.size() == 3);
        CHECK(cut[0].size() <= 100);
    }

    TEST_CASE("what rooms are told about services") {
        const Services before{{"a", "1 on 1 node"}, {"b", "1 on 1 node"}, {"x.c", "1 on 1 node"}};
        const Services now{{"a", "1 on 2 nodes"}, {"d", "2 on 1 node"}, {"x.e", "1 on 1 node"}};
        CHECK(joined(changes_between(before, now, "*")) ==
              "~ a: 1 on 2 nodes (was 1 on 1 node)\n+ d: 2 on 1 node\n+ x.e: 1 on 1 node\n- b\n- "
              "x.c");
        CHECK(joined(changes_between(before, now, "x.*")) == "+ x.e: 1 on 1 node\n- x.c");
        CHECK(changes_between(now, now, "*").empty());
    }

    TEST_CASE("text of strangers is cut between characters") {
        CHECK(cut("a€", 3) == "a");
        CHECK(cut("a€", 4) == "a€");
        CHECK(shortened("abcdefgh", 6) == "abc...");
        CHECK(one_line("a\nb\tc\x07", 10) == "a b c");
        CHECK(cut(std::string(10, '\x80'), 5).size() == 5);
        CHECK(columns_of("a\xff") == 2);
    }
}
