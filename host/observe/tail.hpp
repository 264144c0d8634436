// SPDX-License-Identifier: Apache-2.0
/// The last log records, kept in memory for whoever looks later.
#pragma once

#include "observe/record.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace microhost::log {

/// A record with its own memory.
struct Entry {
    std::uint64_t sequence = 0;  // 1, 2, 3, ... in the order of writing
    std::uint64_t time_us = 0;   // since 1970, UTC
    Level level = Level::info;
    std::string module;
    std::string message;
    std::vector<std::pair<std::string, std::string>> fields;
};

Entry entry_of(std::uint64_t sequence, const Record& record);

class Tail {
  public:
    explicit Tail(std::size_t capacity) : slots_(capacity) {}

    /// [writer] `encoded` as by `encode`.
    void add(std::span<const std::byte> encoded);
    /// [any, never a request loop] At most the last `n` records that came after `after`, oldest
    /// first.
    std::vector<Entry> recent(std::size_t n, std::uint64_t after) const;

    /// [any, never a request loop] Those that came after `after`, oldest first. `look` is called with the mutex held.
    using Look = std::function<void(std::uint64_t sequence, const Record& record)>;
    void each(std::uint64_t after, const Look& look) const;
    /// [any] The number of the newest, or 0.
    std::uint64_t newest() const;

  private:
    mutable std::mutex
        mutex_;  // between the writer and readers; a loop that logs does not come here
    std::vector<std::vector<std::byte>> slots_;
    std::uint64_t added_ = 0;
};

}  // namespace microhost::log
