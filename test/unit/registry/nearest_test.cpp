// SPDX-License-Identifier: Apache-2.0
#include "registry/nearest.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using microhost::registry::NearestName;

namespace {

const std::vector<std::string> kNames = {"go.micro.api.greeter", "go.micro.api.users",
                                         "go.micro.srv.greeter", "search"};

std::string nearest(std::string_view wanted, const std::vector<std::string>& names = kNames) {
    NearestName search(wanted);
    for (const auto& name : names) search.offer(name);
    return std::string(search.best());
}

size_t plain_distance(const std::string& a, const std::string& b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t swap = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({swap, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

}  // namespace

TEST_SUITE("host/registry/nearest") {
    TEST_CASE("what people mistype finds what they meant") {
        struct Row {
            const char* wanted;
            const char* found;
        };
        for (const Row& row : {Row{"go.micro.api.greter", "go.micro.api.greeter"},
                               {"go.micro.api.Greeter", "go.micro.api.greeter"},
                               {"go.micro.api.user", "go.micro.api.users"},
                               {"go.micro.svr.greeter", "go.micro.srv.greeter"},
                               {"greeter", "go.micro.api.greeter"},
                               {"com.example.users", "go.micro.api.users"},
                               {"serch", "search"},
                               {"something.else", ""},
                               {"x", ""},
                               {"", ""}}) {
            CAPTURE(row.wanted);
            CHECK(nearest(row.wanted) == row.found);
        }
    }

    TEST_CASE("names without end cost nothing and suggest nothing") {
        CHECK(nearest(std::string(100'000, 'a')).empty());
        CHECK(nearest("abc", {std::string(100'000, 'a')}).empty());
        CHECK(nearest(std::string(256, 'a'), {std::string(255, 'a')}).size() == 255);
    }

    TEST_CASE("the quick search finds a name exactly when the plain distance is small enough") {
        std::mt19937 random(7);
        for (int round = 0; round < 20'000; ++round) {
            std::string a(1 + random() % 12, 'a');
            std::string b(1 + random() % 12, 'a');
            for (char& c : a) c = static_cast<char>('a' + random() % 3);
            for (char& c : b) c = static_cast<char>('a' + random() % 3);
            const bool near = plain_distance(a, b) <= std::min<size_t>(3, a.size() / 3);
            CAPTURE(a);
            CAPTURE(b);
            REQUIRE((nearest(a, {b}) == b) == (near || a == b));
        }
    }
}
