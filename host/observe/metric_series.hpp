// SPDX-License-Identifier: Apache-2.0
/// The memory behind Metrics: cells in blocks per shard, and series that never move or die.
#pragma once

#include "observe/cells.hpp"
#include "observe/names.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace microhost::observe {

/// The cells of one shard, dense among themselves and never in a cache line of another shard.
class CellBlocks {
  public:
    Cell* take(std::size_t n) {
        if (blocks_.empty() || used_ + n > kBlock) {
            blocks_.push_back(std::make_unique<Block>());
            used_ = 0;
        }
        Cell* cells = &blocks_.back()->cells[used_];
        used_ += n;
        return cells;
    }

  private:
    static constexpr std::size_t kBlock = 512;
    struct alignas(64) Block {
        std::array<Cell, kBlock> cells{};
    };
    std::vector<std::unique_ptr<Block>> blocks_;
    std::size_t used_ = 0;
};

/// Never changed once it can be seen; only its cells are.
struct Series {
    Kind kind;
    std::uint32_t id;
    std::vector<std::string> values;
    std::vector<Cell*> cells;  // per shard
};

struct Metric {
    std::string name, help;
    Kind kind;
    Unit unit;
    std::vector<std::string> labels;
    std::size_t max_series;

    // Below: under the registry's mutex.
    std::deque<Series> series;
    std::unordered_map<std::string, const Series*> by_values;
    const Series* other = nullptr;
    std::uint64_t overflows = 0;
};

/// Number -> series, read without a lock: pages are published by a release store and never freed
/// before the end.
class SeriesTable {
  public:
    static constexpr std::size_t kPage = 256;

    ~SeriesTable() {
        for (auto& page : pages_) delete page.load(std::memory_order_relaxed);
    }
    /// [under the registry's mutex] `id` counts up from 0.
    void publish(std::uint32_t id, const Series* series) {
        std::atomic<Page*>& slot = pages_[id / kPage];
        Page* page = slot.load(std::memory_order_relaxed);
        if (page == nullptr) slot.store(page = new Page{}, std::memory_order_release);
        (*page)[id % kPage].store(series, std::memory_order_release);
    }
    /// [any] Null when there is none.
    const Series* find(std::uint32_t id) const noexcept {
        if (id / kPage >= pages_.size()) return nullptr;
        const Page* page = pages_[id / kPage].load(std::memory_order_acquire);
        return page == nullptr ? nullptr : (*page)[id % kPage].load(std::memory_order_acquire);
    }

  private:
    using Page = std::array<std::atomic<const Series*>, kPage>;
    std::array<std::atomic<Page*>, 256> pages_{};
};

}  // namespace microhost::observe
