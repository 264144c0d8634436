// SPDX-License-Identifier: Apache-2.0
/// What was found to be genuine a moment ago, by the digest of the credential. One for each loop.
#pragma once

#include "secret.hpp"

#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

namespace microhost::shared {

/// At most `capacity` entries; the one that was used longest ago makes room. Only what was verified is put into it, so that
/// guessing cannot push out anybody.
template <class T>
class VerifiedCache {
  public:
    explicit VerifiedCache(size_t capacity) : capacity_(capacity) {}

    /// Null when it is not there or its time is over. Valid until the next put().
    const T* find(const Digest& key, uint64_t now) {
        const auto found = by_key_.find(key);
        if (found == by_key_.end()) return nullptr;
        if (now >= found->second->until) {
            entries_.erase(found->second);
            by_key_.erase(found);
            return nullptr;
        }
        entries_.splice(entries_.begin(), entries_, found->second);
        return &found->second->value;
    }

    /// `until`: in the unit of find()'s `now`.
    void put(const Digest& key, T value, uint64_t until) {
        if (capacity_ == 0) return;
        if (const auto found = by_key_.find(key); found != by_key_.end()) {
            found->second->value = std::move(value);
            found->second->until = until;
            return;
        }
        if (entries_.size() >= capacity_) {
            by_key_.erase(entries_.back().key);
            entries_.pop_back();
        }
        entries_.push_front({key, std::move(value), until});
        by_key_.emplace(key, entries_.begin());
    }

    size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        Digest key;
        T value;
        uint64_t until;
    };
    size_t capacity_;
    std::list<Entry> entries_;  // newest use first
    std::unordered_map<Digest, typename std::list<Entry>::iterator, Digest::Hash> by_key_;
};

}  // namespace microhost::shared
