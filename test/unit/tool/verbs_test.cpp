// SPDX-License-Identifier: Apache-2.0
#include "tool/verbs.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace microhost;

TEST_SUITE("tool/verbs") {
    TEST_CASE("every verb has a name of its own and fits a line of --help") {
        std::set<std::string_view> names;
        for (const tool::Verb& v : tool::verbs()) {
            CHECK(names.insert(v.name).second);
            CHECK(bool(v.run));
        }
        const std::string text = tool::verbs_text();
        CHECK(text.find("  inspect ") != text.npos);
        for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
            CHECK(text.find('\n', at) - at <= 80);
    }

    TEST_CASE("a verb without a summary is not listed") {
        const tool::Verb table[] = {{"shown", "", "does it", nullptr}, {"hidden", "", "", nullptr}};
        const std::string text = tool::verbs_text(table);
        CHECK(text.find("shown") != text.npos);
        CHECK(text.find("hidden") == text.npos);
    }
}
