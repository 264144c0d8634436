// SPDX-License-Identifier: Apache-2.0
#include "tool/watch.hpp"

#include <doctest/doctest.h>

using namespace microhost;
using namespace microhost::tool;

namespace {

/// "1500 list services": the pause and the words; "-": not asked for.
std::string taken(const Words& words) {
    const auto w = take_watch(words);
    if (!w) return w.error().what;
    if (!*w) return "-";
    std::string out = std::to_string((*w)->pause_ms);
    for (const std::string& word : (*w)->args) out += " " + word;
    return out;
}

}  // namespace

TEST_SUITE("host/tool") {
    TEST_CASE("--watch is taken out of the words, with the interval behind it") {
        CHECK(taken({"services"}) == "-");
        CHECK(taken({"services", "--watch"}) == "2000 services");
        CHECK(taken({"services", "--watch", "5s"}) == "5000 services");
        CHECK(taken({"--watch", "services"}) == "2000 services");
        CHECK(taken({"--watch=1500ms", "services"}) == "1500 services");
        CHECK(taken({"--watch", "1ms"}) == "100");
        CHECK(taken({"--watch", "3x"}) == "2000 3x");  // a word of the command
        CHECK(taken({"--", "--watch"}) == "-");
        CHECK(taken({"--watch=soon"}).starts_with("--watch: "));
    }

    TEST_CASE("a screen is drawn in place and cleared behind it") {
        CHECK(screen_of("a\nb\n", 5, 80) == "\033[Ha\033[K\nb\033[K\n\033[J");
        CHECK(screen_of("", 5, 80) == "\033[H\033[J");
    }

    TEST_CASE("what does not fit a screen is cut off") {
        CHECK(screen_of("1\n2\n3\n4\n", 4, 80) ==
              "\033[H1\033[K\n2\033[K\n... 2 lines more\033[K\n\033[J");
        CHECK(screen_of("1\n2\n3\n", 4, 80) == "\033[H1\033[K\n2\033[K\n3\033[K\n\033[J");
        CHECK(screen_of("abcdef\n", 4, 3) == "\033[Habc\033[K\n\033[J");
        CHECK(screen_of("äöü\n", 4, 2) == "\033[Häö\033[K\n\033[J");
        CHECK(screen_of("a\tb\n", 4, 80) == "\033[Ha       b\033[K\n\033[J");
        // The end of a colour is kept, or it would run on.
        CHECK(screen_of("\033[1mabc\033[0m\n", 4, 2) == "\033[H\033[1mab\033[0m\033[K\n\033[J");
    }
}
