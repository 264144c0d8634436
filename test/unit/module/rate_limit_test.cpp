// SPDX-License-Identifier: Apache-2.0
#include "module/rate_limit.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace microhost::module;

namespace {

constexpr uint64_t kMs = 1'000'000;
// An uptime of weeks: nothing may depend on small numbers.
constexpr uint64_t kStart = 40ull * 24 * 3600 * 1000 * kMs;

mh_limit_rule rule(uint32_t burst, uint64_t count, uint64_t period_ms) {
    return {sizeof(mh_limit_rule), burst, count, period_ms};
}

struct Taken {
    mh_status status;
    mh_limit_answer answer{};
};

Taken take(RateSet& set, std::string_view key, const mh_limit_rule& r, uint64_t at_ms,
           uint32_t cost = 1) {
    Taken t{};
    t.answer.size = sizeof t.answer;
    t.status = set.take(key, r, cost, kStart + at_ms * kMs, t.answer);
    return t;
}

}  // namespace

TEST_SUITE("host/module") {
    TEST_CASE("a burst passes at once, then the rate") {
        RateSet set(16);
        const auto r = rule(3, 10, 1000);
        for (uint64_t left : {2, 1, 0}) {
            const auto t = take(set, "a", r, 0);
            CHECK(t.answer.allowed == 1);
            CHECK(t.answer.remaining == left);
        }
        const auto refused = take(set, "a", r, 0);
        CHECK(refused.answer.allowed == 0);
        CHECK(refused.answer.retry_after_ms == 100);
        CHECK(take(set, "a", r, 99).answer.allowed == 0);
        CHECK(take(set, "a", r, 100).answer.allowed == 1);
        CHECK(take(set, "a", r, 100).answer.allowed == 0);
        CHECK(take(set, "b", r, 100).answer.allowed == 1);
    }

    TEST_CASE("a cost above the burst never passes, a cost of nothing only asks") {
        RateSet set(16);
        const auto r = rule(2, 1, 1000);
        CHECK(take(set, "a", r, 0, 3).answer.allowed == 0);
        CHECK(take(set, "a", r, 0, 3).answer.retry_after_ms == UINT64_MAX);
        CHECK(take(set, "a", r, 0, 0).answer.remaining == 2);
        CHECK(take(set, "a", r, 0, 2).answer.allowed == 1);
        CHECK(take(set, "a", r, 0, 0).answer.remaining == 0);
        CHECK(set.size() == 1);
    }

    TEST_CASE("impossible rules are refused") {
        RateSet set(16);
        CHECK(take(set, "a", rule(0, 1, 1), 0).status == MH_E_INVALID);
        CHECK(take(set, "a", rule(1, 0, 1), 0).status == MH_E_INVALID);
        CHECK(take(set, "a", rule(1, 1, 0), 0).status == MH_E_INVALID);
    }

    TEST_CASE("a full set refuses new keys until an old one's budget is full again") {
        RateSet set(100);
        const auto r = rule(1, 1, 1000);
        for (int i = 0; i < 100; i++)
            REQUIRE(take(set, "key" + std::to_string(i), r, 0).status == MH_OK);
        CHECK(take(set, "one more", r, 1).status == MH_E_LIMIT);
        CHECK(take(set, "key7", r, 500).answer.allowed == 0);
        CHECK(take(set, "one more", r, 1001).answer.allowed == 1);
        CHECK(set.size() <= 100);
    }

    TEST_CASE("however many loops take, exactly the rate passes") {
        struct Case {
            uint32_t burst;
            uint64_t count;
            int keys;
        };
        for (const Case c : {Case{1, 10, 1}, Case{5, 10, 3}, Case{1, 1000, 50}}) {
            // As many keys again pass by once each, so that entries change hands all the time.
            RateSet set(static_cast<uint32_t>(c.keys) + 64);
            const auto r = rule(c.burst, c.count, 1000);
            constexpr uint64_t kSimulatedMs = 3000;
            std::atomic<uint64_t> clock{0};
            std::vector<std::atomic<uint64_t>> passed(static_cast<size_t>(c.keys));
            std::vector<std::thread> loops;
            for (int t = 0; t < 4; t++)
                loops.emplace_back([&, t] {
                    uint64_t n = 0;
                    while (true) {
                        const uint64_t now = clock.load(std::memory_order_acquire);
                        if (now >= kSimulatedMs) return;
                        for (int k = 0; k < c.keys; k++)
                            passed[static_cast<size_t>(k)] +=
                                take(set, "k" + std::to_string(k), r, now).answer.allowed;
                        take(set, "guest" + std::to_string(t) + "-" + std::to_string(n++ % 7),
                             rule(1, 1000, 1), now);
                        if (t == 0) clock.fetch_add(1, std::memory_order_acq_rel);
                    }
                });
            for (auto& l : loops) l.join();
            const uint64_t expected = c.count * kSimulatedMs / 1000 + c.burst - 1;
            for (auto& p : passed) {
                CHECK(p.load() >= expected - 1);
                CHECK(p.load() <= expected + 1);
            }
        }
    }

    TEST_CASE("the same owner and name is the same set, handles of nobody are found out") {
        RateLimits limits;
        const uint64_t a = limits.open("m", "x", 10);
        CHECK(a != 0);
        CHECK(limits.open("m", "x", 10) == a);
        CHECK(limits.open("n", "x", 10) != a);
        CHECK(RateLimits::find(a) != nullptr);
        for (uint64_t wrong : {uint64_t{0}, a + 100, ~uint64_t{0}})
            CHECK(RateLimits::find(wrong) == nullptr);
    }

    TEST_CASE("the keyed hash is SipHash-2-4") {
        // The vectors of the paper's appendix: key 00 01 .. 0f, input 00 01 .. 0e.
        const SipKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
        std::string input;
        for (char c = 0; c < 15; c++) input += c;
        CHECK(siphash(key, input) == 0xa129ca6149be45e5);
        CHECK(siphash(key, "") == 0x726fdb47dd0e0e31);
    }
}
