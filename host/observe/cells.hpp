// SPDX-License-Identifier: Apache-2.0
/// What a loop counts in: cells that one thread writes and a scrape reads, so that counting needs
/// no locked instruction.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace microhost::observe {

using Cell = std::atomic<std::uint64_t>;

/// [owner] A relaxed load and store: two plain moves.
inline void cell_add(Cell& cell, std::uint64_t n) noexcept {
    cell.store(cell.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

/// Handles are one pointer, copied freely, valid as long as the Metrics they come from. A handle
/// belongs to the loop that it was made for; a default-constructed one must not be used.
class Counter {
  public:
    Counter() = default;
    explicit Counter(Cell* cell) : cell_(cell) {}
    /// Whether it may be used.
    explicit operator bool() const noexcept { return cell_ != nullptr; }
    /// [owner]
    void add(std::uint64_t n = 1) const noexcept { cell_add(*cell_, n); }
    /// [any] Only on a handle of Metrics::shared().
    void add_shared(std::uint64_t n = 1) const noexcept {
        cell_->fetch_add(n, std::memory_order_relaxed);
    }
    /// [any] Of this loop only.
    std::uint64_t value() const noexcept { return cell_->load(std::memory_order_relaxed); }

  private:
    Cell* cell_ = nullptr;
};

/// Each loop keeps its part; the scrape shows the sum.
class Gauge {
  public:
    Gauge() = default;
    explicit Gauge(Cell* cell) : cell_(cell) {}
    /// [owner]
    void add(std::int64_t n) const noexcept { cell_add(*cell_, static_cast<std::uint64_t>(n)); }
    void set(std::int64_t n) const noexcept {
        cell_->store(static_cast<std::uint64_t>(n), std::memory_order_relaxed);
    }
    /// [any] Of this loop only.
    std::int64_t value() const noexcept {
        return static_cast<std::int64_t>(cell_->load(std::memory_order_relaxed));
    }

  private:
    Cell* cell_ = nullptr;
};

/// Upper bounds in microseconds, inclusive. At most one lies between two powers of two: `bucket_of`
/// relies on it.
inline constexpr std::array<std::uint64_t, 16> kBucketBounds{
    100,    250,     500,     1'000,   2'500,     5'000,     10'000,    25'000,
    50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};
inline constexpr std::size_t kBuckets = kBucketBounds.size() + 1;  // the last one has no bound

namespace detail {
/// For each bit width: how many bounds lie below every number of that width.
constexpr std::array<std::uint8_t, 65> bounds_below_width() {
    std::array<std::uint8_t, 65> below{};
    for (std::size_t width = 1; width <= 64; ++width) {
        for (const std::uint64_t bound : kBucketBounds) {
            below[width] += bound < (std::uint64_t{1} << (width - 1));
        }
    }
    return below;
}
inline constexpr auto kBoundsBelow = bounds_below_width();

constexpr std::array<std::uint64_t, kBuckets> bounds_with_end() {
    std::array<std::uint64_t, kBuckets> bounds{};
    for (std::size_t i = 0; i < kBucketBounds.size(); ++i) bounds[i] = kBucketBounds[i];
    bounds.back() = ~std::uint64_t{0};
    return bounds;
}
inline constexpr auto kBounds = bounds_with_end();
}  // namespace detail

/// The bucket for a time in microseconds: one look-up and one comparison.
constexpr std::size_t bucket_of(std::uint64_t us) noexcept {
    const std::size_t first = detail::kBoundsBelow[static_cast<std::size_t>(std::bit_width(us))];
    return first + (us > detail::kBounds[first]);
}

class Histogram {
  public:
    /// The sum, then the buckets (not cumulative).
    static constexpr std::size_t kCells = 1 + kBuckets;

    Histogram() = default;
    explicit Histogram(Cell* cells) : cells_(cells) {}
    /// [owner] A time in microseconds.
    void observe(std::uint64_t us) const noexcept {
        cell_add(cells_[0], us);
        cell_add(cells_[1 + bucket_of(us)], 1);
    }

  private:
    Cell* cells_ = nullptr;
};

}  // namespace microhost::observe
