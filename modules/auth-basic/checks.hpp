// SPDX-License-Identifier: Apache-2.0
/// The passwords that a loop has verified, and those that workers are at now.
#pragma once

#include <microhost/waiting.hpp>

#include <atomic>
#include <memory>
#include <unordered_map>
#include <vector>

#include "../shared/users.hpp"
#include "../shared/verified_cache.hpp"

namespace microhost::auth_basic {

using shared::Users;

/// One computation, done once however many ask for the same at the same time.
struct Run {
    std::vector<mh::waiting> waiters;    ///< of one loop
    std::atomic<bool> abandoned{false};  ///< they all went away: the worker need not begin
};

/// On one loop, and kept by the work that is under way: so that work which ends after the filter finds it.
struct Checks {
    explicit Checks(size_t cache_size) : verified(cache_size) {}

    using UserPtr = std::shared_ptr<const Users::User>;
    shared::VerifiedCache<UserPtr> verified;
    std::unordered_map<shared::Digest, std::shared_ptr<Run>, shared::Digest::Hash> running;

    /// Nobody can join it any more.
    void close(const shared::Digest& key, const std::shared_ptr<Run>& run) {
        const auto found = running.find(key);
        if (found != running.end() && found->second == run) running.erase(found);
    }
    /// The request that waited under this token is gone.
    void leave(mh::token t) {
        for (auto it = running.begin(); it != running.end(); ++it) {
            Run& run = *it->second;
            if (std::erase_if(run.waiters, [t](const mh::waiting& w) { return w.is(t); }) == 0)
                continue;
            if (run.waiters.empty()) {
                run.abandoned.store(true, std::memory_order_relaxed);
                running.erase(it);
            }
            return;
        }
    }
};

}  // namespace microhost::auth_basic
