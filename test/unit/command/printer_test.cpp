// SPDX-License-Identifier: Apache-2.0
#include "command/printer.hpp"

#include <doctest/doctest.h>

#include "command/ndjson.hpp"
#include "command/output.hpp"

using namespace microhost::command;

namespace {

/// What a stream of lines looks like on both outputs.
struct Shown {
    std::string out, err;
    int status = 0;

    Shown(Format format, const std::vector<std::string>& pieces, bool colours = false) {
        char *o = nullptr, *e = nullptr;
        size_t n = 0, m = 0;
        std::FILE *to = open_memstream(&o, &n), *complain = open_memstream(&e, &m);
        Printer p(format, colours, to, complain);
        for (const std::string& piece : pieces) p.take(piece, false);
        status = p.finish();
        std::fclose(to);
        std::fclose(complain);
        out.assign(o, n);
        err.assign(e, m);
        std::free(o);
        std::free(e);
    }
};

const std::string kEnd = "{\"end\":{\"exit\":0}}\n";

}  // namespace

TEST_SUITE("host/command") {
    TEST_CASE("a table is aligned, numbers to the right") {
        const std::string rows =
            "{\"columns\":[\"id\",\"took\",\"file\"]}\n{\"row\":[\"api\",{\"text\":\"1.5 "
            "s\",\"value\":1500},\"a.so\"]}\n{\"row\":[\"gr\u00fc\u00df\",{\"text\":\"900 "
            "ms\",\"value\":900},null]}\n";
        CHECK(Shown(Format::table, {rows + kEnd}).out ==
              "ID      TOOK  FILE\n"
              "api    1.5 s  a.so\n"
              "gr\u00fc\u00df  900 ms  -\n");
        CHECK(Shown(Format::raw, {rows + kEnd}).out == "api\t1500\ta.so\ngr\u00fc\u00df\t900\t-\n");
        CHECK(Shown(Format::json, {rows + kEnd}).out ==
              "[\n{\"id\":\"api\",\"took\":1500,\"file\":\"a.so\"},\n"
              "{\"id\":\"gr\u00fc\u00df\",\"took\":900,\"file\":null}\n]\n");
    }

    TEST_CASE("a note goes beside the result") {
        const Shown s(Format::raw, {"{\"note\":\"a is b\\u001b\"}\n{\"text\":\"x\\n\"}\n" + kEnd});
        CHECK(s.out == "x\n");
        CHECK(s.err == "microhost: a is b?\n");
        CHECK(s.status == 0);
    }

    TEST_CASE("an empty table is its header, and an empty array") {
        const std::vector<std::string> none{"{\"columns\":[\"id\"]}\n", kEnd};
        CHECK(Shown(Format::table, none).out == "ID\n");
        CHECK(Shown(Format::json, none).out == "[]\n");
        CHECK(Shown(Format::raw, none).out.empty());
    }

    TEST_CASE("lines that come in pieces are put together") {
        CHECK(Shown(Format::table, {"{\"te", "xt\":\"a\\n\"}", "\n" + kEnd}).out == "a\n");
    }

    TEST_CASE("an error goes to the other output, with the command's exit code") {
        const Shown s(Format::table, {"{\"error\":\"no\"}\n{\"end\":{\"exit\":7}}\n"});
        CHECK(s.out.empty());
        CHECK(s.err == "microhost: no\n");
        CHECK(s.status == 7);
    }

    TEST_CASE("a stream that ends early is a failure, and JSON is closed") {
        const Shown s(Format::json, {"{\"columns\":[\"n\"]}\n{\"row\":[1]}\n"});
        CHECK(s.out == "[\n{\"n\":1}\n]\n");
        CHECK(s.err == "microhost: the connection ended before the command did\n");
        CHECK(s.status == 1);
    }

    TEST_CASE("text cannot steer the terminal, but passes through a pipe as it is") {
        const std::string text = "{\"text\":\"a\\u001b[2Jb\\n\"}\n" + kEnd;
        CHECK(Shown(Format::table, {text}).out == "a?[2Jb\n");
        CHECK(Shown(Format::raw, {text}).out == "a\033[2Jb\n");
    }

    TEST_CASE("an object is lines of name and value") {
        const std::string one = "{\"json\":{\"id\":\"api\",\"bytes\":12,\"m\":{\"x\":1}}}\n" + kEnd;
        CHECK(Shown(Format::table, {one}).out == "id     api\nbytes  12\nm      {\"x\":1}\n");
        CHECK(Shown(Format::json, {one}).out == "{\"id\":\"api\",\"bytes\":12,\"m\":{\"x\":1}}\n");
    }

    TEST_CASE("cells travel as text and value where these differ") {
        std::string out;
        const Cell cells[] = {Cell::of("a\"b"), Cell::of(uint64_t{7}), Cell::none(),
                              Cell::duration(1'500'000'000), Cell::size(4096)};
        std::vector<mh_cell> views;
        for (const Cell& c : cells)
            views.push_back({c.type, 0, c.integer, c.number, {c.text.data(), c.text.size()}});
        append_row(out, views.data(), static_cast<uint32_t>(views.size()));
        CHECK(out ==
              "{\"row\":[\"a\\\"b\",7,null,{\"text\":\"1.5 s\",\"value\":1500},{\"text\":\"4KiB\","
              "\"value\":4096}]}\n");
    }

    TEST_CASE("a cell that is an object is one in every format") {
        std::string out;
        const std::string object = R"({"a":"b"})";
        const mh_cell cell{MH_TYPE_JSON, 0, 0, 0, {object.data(), object.size()}};
        append_row(out, &cell, 1);
        const std::string stream = "{\"columns\":[\"m\"]}\n" + out + kEnd;
        CHECK(Shown(Format::json, {stream}).out == "[\n{\"m\":{\"a\":\"b\"}}\n]\n");
        CHECK(Shown(Format::raw, {stream}).out == object + "\n");
    }
}
