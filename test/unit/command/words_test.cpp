// SPDX-License-Identifier: Apache-2.0
#include "command/words.hpp"

#include <doctest/doctest.h>

using namespace microhost::command;

namespace {

using Words = std::vector<std::string>;

Definition sample() {
    Definition d;
    d.name = "greet all";
    auto add = [&](const char* name, int32_t type, uint32_t flags) {
        Argument a;
        a.name = name;
        a.type = type;
        a.flags = flags;
        d.args.push_back(a);
    };
    add("who", MH_TYPE_TEXT, MH_ARG_POSITIONAL | MH_ARG_REQUIRED);
    add("rest", MH_TYPE_TEXT, MH_ARG_POSITIONAL | MH_ARG_REPEATED);
    add("loud", MH_TYPE_BOOL, 0);
    add("how-often", MH_TYPE_INTEGER, 0);
    return d;
}

}  // namespace

TEST_SUITE("host/command") {
    TEST_CASE("a line is split as a shell would") {
        CHECK(*split("a  b\tc") == Words{"a", "b", "c"});
        CHECK(*split("'a b' \"c d\"e f\\ g") == Words{"a b", "c de", "f g"});
        CHECK(*split(R"('\n' "\"" '')") == Words{"\\n", "\"", ""});
        CHECK(split("").value().empty());
        CHECK(split("it's").error().what == "the quote ' is not closed");
    }

    TEST_CASE("a name is matched whole, word by word") {
        const Definition d = sample();
        CHECK(matches(d, Words{"greet", "all", "x"}) == 2);
        CHECK(matches(d, Words{"greet"}) == 0);
        CHECK(matches(d, Words{"greet", "al"}) == 0);
        CHECK(matches(d, Words{}) == 0);
    }

    TEST_CASE("words are places and flags") {
        const Definition d = sample();
        CHECK(*read_words(d, Words{"Ann", "--loud", "Bob", "--how_often", "3", "--", "--Cy"}) ==
              Given{{"who", "Ann"},
                    {"loud", "true"},
                    {"rest", "Bob"},
                    {"how-often", "3"},
                    {"rest", "--Cy"}});
        CHECK(*read_words(d, Words{"--loud=false", "--who=-1"}) ==
              Given{{"loud", "false"}, {"who", "-1"}});
        CHECK(read_words(d, Words{"--how-often"}).error().what ==
              "--how-often needs a value; usage: greet all WHO [REST...] [--loud] [--how-often "
              "HOW-OFTEN]");
        CHECK(read_words(d, Words{"--laud"}).error().what ==
              "\"greet all\" has no flag --laud; did you mean \"--loud\"?");
    }

    TEST_CASE("what no command fits says what would") {
        const std::vector<std::string_view> names{"modules get", "modules list", "top"};
        CHECK(no_such_command(Words{"modules"}, names) ==
              "\"modules\" needs a word more: get, list");
        CHECK(no_such_command(Words{"modules", "lsit", "x"}, names) ==
              "there is no command \"modules lsit x\"; did you mean \"modules list\"?");
        CHECK(no_such_command(Words{"fly"}, names) == "there is no command \"fly\"");
        CHECK(no_such_command(Words(1000, "long"), names).size() < 200);
    }
}
