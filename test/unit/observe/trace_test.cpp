// SPDX-License-Identifier: Apache-2.0
#include "observe/trace.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace microhost::observe;

namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736", kParent = "00f067aa0ba902b7";

std::string header(const TraceParent& trace) {
    char out[TraceParent::kSize];
    return std::string(trace.format(out));
}

bool lower_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

TEST_SUITE("host/observe") {
    TEST_CASE("a request id is taken from trusted peers only, and only when it is harmless") {
        IdSource ids(1);
        RequestId id;
        id.choose("Abc-1_2.3", true, ids);
        CHECK(id.view() == "Abc-1_2.3");
        id.choose(std::string(128, 'x'), true, ids);
        CHECK(id.view() == std::string(128, 'x'));

        const std::string_view refused[] = {"",    "a b",      "a\n", "a\"",
                                            "a/b", "\xc3\xbc", "a:b", std::string_view("a\0b", 3)};
        for (const std::string_view incoming : refused) {
            CAPTURE(incoming);
            id.choose(incoming, true, ids);
            CHECK(id.view().size() == 32);
            CHECK(lower_hex(id.view()));
        }
        id.choose(std::string(129, 'x'), true, ids);
        CHECK(id.view().size() == 32);
        id.choose("Abc", false, ids);
        CHECK(id.view().size() == 32);
    }

    TEST_CASE("new ids differ, also between sources that the kernel seeded") {
        std::set<std::string> seen;
        for (int source = 0; source < 4; ++source) {
            IdSource ids;
            for (int i = 0; i < 1000; ++i) {
                RequestId id;
                id.choose("", false, ids);
                seen.insert(std::string(id.view()));
            }
        }
        CHECK(seen.size() == 4000);
    }

    TEST_CASE("traceparent is read as the W3C says") {
        struct Case {
            std::string value;
            bool valid, sampled;
        };
        const std::string rest = "-" + kTrace + "-" + kParent;
        const Case cases[] = {
            {"00" + rest + "-01", true, true},
            {"00" + rest + "-00", true, false},
            {"00" + rest + "-ff", true, true},
            {"00" + rest + "-fe", true, false},
            {"00" + rest + "-01-", false, false},  // 00 has nothing after the flags
            {"00" + rest + "-01-extra", false, false},
            {"01" + rest + "-01", true, true},  // a later version may have more
            {"cc" + rest + "-01-what-the-future-holds", true, true},
            {"cc" + rest + "-01.what", false, false},
            {"cc" + rest + "-01-", true, true},
            {"ff" + rest + "-01", false, false},
            {"0" + rest + "-01", false, false},
            {"0g" + rest + "-01", false, false},
            {"00" + rest + "-1", false, false},
            {"00" + rest + "-0g", false, false},
            {"00" + rest + "_01", false, false},
            {"00" + rest, false, false},
            {"", false, false},
            {"00-" + std::string(32, '0') + "-" + kParent + "-01", false, false},
            {"00-" + kTrace + "-" + std::string(16, '0') + "-01", false, false},
            {"00-4BF92F3577B34DA6A3CE929D0E0E4736-" + kParent + "-01", false, false},
            {"00-" + kTrace + "-00F067AA0BA902B7-01", false, false},
            {"00-" + kTrace + "_" + kParent + "-01", false, false},
            {"00_" + kTrace + "-" + kParent + "-01", false, false},
            {" 00" + rest + "-01", false, false},
        };
        for (const Case& c : cases) {
            CAPTURE(c.value);
            IdSource ids(7);
            TraceParent trace = TraceParent::make(ids, false);
            const std::string before = header(trace);
            CHECK(trace.parse(c.value) == c.valid);
            if (c.valid) {
                CHECK(trace.trace_id_view() == kTrace);
                CHECK(trace.parent_id_view() == kParent);
                CHECK(trace.sampled == c.sampled);
                CHECK(header(trace) ==
                      "00-" + kTrace + "-" + kParent + (c.sampled ? "-01" : "-00"));
            } else {
                CHECK(header(trace) == before);
            }
        }
    }

    TEST_CASE("a child keeps the trace and has its own parent id; what is made can be read back") {
        IdSource ids(3);
        const TraceParent root = TraceParent::make(ids, true);
        const TraceParent child = root.child(ids);
        CHECK(child.trace_id_view() == root.trace_id_view());
        CHECK(child.parent_id_view() != root.parent_id_view());
        CHECK(child.sampled);
        TraceParent again;
        REQUIRE(again.parse(header(child)));
        CHECK(header(again) == header(child));
        CHECK(header(child).size() == TraceParent::kSize);
    }
}
