// SPDX-License-Identifier: Apache-2.0
#include "module/kv_store.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace microhost::module;

TEST_SUITE("host/module") {
    TEST_CASE("values come back with their revision until their time is over") {
        KvNamespace kv;
        CHECK_FALSE(kv.get("a", 0).has_value());
        CHECK(kv.set("a", "1", 0, 0) == MH_OK);
        CHECK(kv.set("b", "2", 50, 100) == MH_OK);
        CHECK(kv.get("a", 1'000'000)->value == "1");
        CHECK(kv.get("b", 149)->value == "2");
        CHECK_FALSE(kv.get("b", 150).has_value());
        CHECK(kv.size() == 1);
        CHECK(kv.remove("a", 0) == MH_OK);
        CHECK(kv.remove("a", 0) == MH_E_NOT_FOUND);
        CHECK(kv.size() == 0);
    }

    TEST_CASE("compare-and-set takes only the revision that is there") {
        KvNamespace kv;
        CHECK(kv.cas("a", 7, "x", 0, 0) == MH_E_EXISTS);
        CHECK(kv.cas("a", 0, "x", 0, 0) == MH_OK);
        CHECK(kv.cas("a", 0, "y", 0, 0) == MH_E_EXISTS);
        const uint64_t first = kv.get("a", 0)->revision;
        CHECK(kv.cas("a", first, "y", 0, 0) == MH_OK);
        CHECK(kv.cas("a", first, "z", 0, 0) == MH_E_EXISTS);
        kv.remove("a", 0);
        CHECK(kv.cas("a", first, "z", 0, 0) == MH_E_EXISTS);
    }

    TEST_CASE("keys, values and numbers out of bounds are refused") {
        KvNamespace kv;
        int64_t n = 5;
        CHECK(kv.set("", "x", 0, 0) == MH_E_INVALID);
        CHECK(kv.set(std::string(512, 'k'), "x", 0, 0) == MH_OK);
        CHECK(kv.set(std::string(513, 'k'), "x", 0, 0) == MH_E_INVALID);
        CHECK(kv.set("v", std::string(64 * 1024, 'v'), 0, 0) == MH_OK);
        CHECK(kv.set("v", std::string(64 * 1024 + 1, 'v'), 0, 0) == MH_E_LIMIT);
        CHECK(kv.incr("v", 1, 0, 0, n) == MH_E_INVALID);
        CHECK(n == 5);
        kv.set("n", "9223372036854775807", 0, 0);
        CHECK(kv.incr("n", 1, 0, 0, n) == MH_E_LIMIT);
    }

    TEST_CASE("a counter's time runs from its first increment") {
        KvNamespace kv;
        int64_t n = 0;
        CHECK(kv.incr("n", 2, 100, 0, n) == MH_OK);
        CHECK(kv.incr("n", 3, 100, 90, n) == MH_OK);
        CHECK(n == 5);
        CHECK(kv.incr("n", 1, 100, 100, n) == MH_OK);
        CHECK(n == 1);
    }

    TEST_CASE("a module has a hundred thousand keys, expired ones make room") {
        KvNamespace kv;
        for (size_t i = 0; i < KvNamespace::kMostKeys; i++)
            REQUIRE(kv.set(std::to_string(i), "x", 10, 0) == MH_OK);
        CHECK(kv.set("more", "x", 0, 9) == MH_E_LIMIT);
        CHECK(kv.set("0", "y", 0, 9) == MH_OK);
        CHECK(kv.set("more", "x", 0, 10) == MH_OK);
    }

    TEST_CASE("increments from many threads all count") {
        KvStore store;
        KvNamespace& kv = store.open("m");
        CHECK(&store.open("m") == &kv);
        CHECK(&store.open("n") != &kv);
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; t++)
            threads.emplace_back([&] {
                int64_t n = 0;
                for (int i = 0; i < 5000; i++) kv.incr("n", 1, 0, 0, n);
            });
        for (auto& t : threads) t.join();
        CHECK(kv.get("n", 0)->value == "20000");
    }
}
