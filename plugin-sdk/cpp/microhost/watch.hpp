// SPDX-License-Identifier: Apache-2.0
/// Files and moments that a module waits for, until the object that waits is destroyed.
#pragma once

#include <microhost/host.hpp>

#include <algorithm>
#include <chrono>
#include <functional>

namespace mh {

/// Why a file cannot be read, as a part of a sentence.
inline string_view file_problem(mh_status s) {
    switch (s) {
        case MH_E_NOT_FOUND: return "there is no such file";
        case MH_E_DENIED: return "no permission to read it";
        case MH_E_LIMIT: return "it is larger than 16 MiB";
        default: return "it cannot be read";
    }
}

/// Calls f(status, content) at once, inside the constructor, and after each change. The module needs mh::uses<mh_file>.
/// [main]
class watched_file {
  public:
    using reader = std::function<void(mh_status, string_view)>;
    watched_file(const std::string& path, reader f) : read_(std::move(f)) {
        const mh_status s = use<mh_file>().watch(the_host, path.c_str(), on_file, this, &token_);
        if (s < 0)
            throw failure(path + ": the file cannot be watched; name a file, and fewer", {}, s);
    }
    ~watched_file() {
        if (token_) use<mh_file>().unwatch(token_);
    }
    watched_file(const watched_file&) = delete;
    watched_file& operator=(const watched_file&) = delete;

  private:
    static void on_file(void* user, mh_status s, mh_seg content) {
        guarded("on_file", [&] {
            static_cast<watched_file*>(user)->read_(s, view(content));
            return MH_OK;
        });
    }
    reader read_;
    mh_token token_ = 0;
};

/// Calls a function once, later; it may start the timer again. The module needs mh::uses<mh_timer>.
/// [loop] [main], all of it on one thread
class timer {
  public:
    timer() = default;
    ~timer() { cancel(); }
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

    /// Instead of what was started before. Granularity 100 ms, never early.
    void start(std::chrono::milliseconds delay, std::function<void()> f) {
        cancel();
        call_ = std::move(f);
        const auto ms =
            static_cast<uint32_t>(std::clamp<std::int64_t>(delay.count(), 0, UINT32_MAX));
        token_ = use<mh_timer>().start(the_host, ms, 0, fire, this);
    }
    void cancel() {
        if (const mh_token t = std::exchange(token_, 0)) use<mh_timer>().cancel(t);
    }

  private:
    static void fire(void* arg) {
        auto& self = *static_cast<timer*>(arg);
        self.token_ = 0;
        const auto call = std::exchange(self.call_, nullptr);
        guarded("timer", [&] { return call(), MH_OK; });
    }
    std::function<void()> call_;
    mh_token token_ = 0;
};

}  // namespace mh
