// SPDX-License-Identifier: Apache-2.0
#include "rate.hpp"

#include <microhost/host.hpp>

#include <algorithm>

#include "clock.hpp"

namespace microhost::bot {
namespace {

constexpr uint32_t kMostPeople = 10'000;
constexpr size_t kMostTold = 1000;
constexpr uint64_t kSilenceMs = 10'000;

}  // namespace

RateLimit::RateLimit(const mh_limit_rule& rule) : rule_(rule) {
    const mh_status s = mh::use<mh_limit>().open(mh::the_host, "people", kMostPeople, &set_);
    if (s != MH_OK) throw mh::failure("the host has no room for another limit", {}, s);
}

RateLimit::Answer RateLimit::take(std::string_view key) {
    const uint64_t now = steady_ms();
    mh_limit_answer a{};
    a.size = sizeof a;
    const mh_status s =
        mh::use<mh_limit>().take(set_, mh::lend(key), &rule_, 1, now * 1'000'000, &a);
    if (s == MH_OK && a.allowed) return {true, false, 0};
    const uint64_t retry = s == MH_OK ? a.retry_after_ms : kSilenceMs;
    std::erase_if(told_, [&](const auto& t) { return t.second <= now; });
    if (told_.contains(key) || told_.size() >= kMostTold) return {false, false, retry};
    told_.emplace(key, now + std::max(retry, kSilenceMs));
    return {false, true, retry};
}

}  // namespace microhost::bot
