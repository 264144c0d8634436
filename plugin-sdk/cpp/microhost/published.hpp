// SPDX-License-Identifier: Apache-2.0
/// A value that one thread replaces while all loops read it: the tokens of a file, the keys of an issuer.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace mh {

/// Lives in a filter's `shared`. Readers see a whole old or a whole new value, and keep what they hold alive.
template <class T>
class published {
  public:
    /// [any]
    void set(std::shared_ptr<const T> fresh) {
        {
            const std::scoped_lock lock(mutex_);
            value_.swap(fresh);
            version_.fetch_add(1, std::memory_order_release);
        }  // the old one may end here, outside the lock
    }
    /// The value of now, or null. Takes a lock: requests use a reader.
    /// [any]
    std::shared_ptr<const T> get() const {
        const std::scoped_lock lock(mutex_);
        return value_;
    }

    /// One for each loop, in the filter's object: an atomic load as long as nothing changes.
    class reader {
      public:
        explicit reader(const published& of) : of_(of) {}
        /// Null before the first set(). Valid until the next call.
        /// [loop]
        const std::shared_ptr<const T>& get() {
            const std::uint64_t now = of_.version_.load(std::memory_order_acquire);
            if (now != seen_) {
                const std::scoped_lock lock(of_.mutex_);
                seen_ = of_.version_.load(std::memory_order_relaxed);
                mine_ = of_.value_;
            }
            return mine_;
        }
        /// Another number for each value: a part of the key of what was derived from it.
        std::uint64_t version() const { return seen_; }

      private:
        const published& of_;
        std::uint64_t seen_ = 0;
        std::shared_ptr<const T> mine_;
    };

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const T> value_;
    std::atomic<std::uint64_t> version_{0};
};

}  // namespace mh
