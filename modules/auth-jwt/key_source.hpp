// SPDX-License-Identifier: Apache-2.0
/// Where the keys come from: a watched file, or an address that is asked again and again. The last good ones stay.
#pragma once

#include <microhost/fetch.hpp>
#include <microhost/published.hpp>
#include <microhost/waiting.hpp>
#include <microhost/watch.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "key_set.hpp"
#include "settings.hpp"

namespace microhost::auth_jwt {

/// How long an answer may be used, by its Cache-Control. Nothing when it does not say.
std::optional<std::chrono::seconds> max_age(std::string_view cache_control);

/// Lives in a shared_ptr. [main], where nothing else is said.
class KeySource : public std::enable_shared_from_this<KeySource> {
  public:
    /// Throws mh::failure for settings that make no sense. Keys that are not there are no failure: they may come.
    explicit KeySource(const Settings& settings);
    ~KeySource();
    void begin();

    /// Null as long as there were none.
    mh::published<KeySet> keys;

    /// How many questions have been answered. [any]
    uint32_t answers() const { return answers_.load(); }

    using Again = std::function<mh::verdict(mh::request&)>;
    /// A request that the keys of now do not do for: true when newer ones may come soon, and then `again` decides once they
    /// have come or failed to. False: there is nothing to wait for. `seen`: answers() before it looked at the keys.
    /// [loop]
    bool wait_for_newer(mh::request& r, uint32_t seen, Again again);

  private:
    using ms = std::chrono::milliseconds;
    struct Waiter {
        mh::waiting request;
        Again again;
    };
    void on_file(mh_status s, std::string_view content);
    void on_wanted(uint32_t seen);
    void fetch();
    void on_answer(const mh::fetched& got);
    void take(std::string_view text, Origin origin);
    void keep_last(std::string_view why);
    void schedule(ms delay);
    void wake();

    const Settings settings_;
    std::string name_, check_;  // for people
    mh::url url_;
    std::string last_;  // the text that `keys` were read from
    std::optional<mh::watched_file> watch_;
    mh::fetching fetching_;
    mh::timer timer_;
    unsigned failures_ = 0;
    std::minstd_rand random_{std::random_device{}()};
    std::atomic<bool> under_way_{false};
    std::atomic<uint32_t> answers_{0};
    std::atomic<int64_t> next_wanted_ms_{
        0};  // of the steady clock: when an unknown key may make it ask again
    std::mutex mutex_;
    std::vector<Waiter> waiters_;
};

}  // namespace microhost::auth_jwt
