// SPDX-License-Identifier: Apache-2.0
/// The registry of metrics: definitions, their series, and a cell per loop for each.
#pragma once

#include "observe/cells.hpp"
#include "observe/names.hpp"
#include "result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::log {
class Domain;
}

namespace microhost::observe {

template <Kind K>
struct MetricId {
    std::uint32_t index = 0;
};
using CounterId = MetricId<Kind::counter>;
using GaugeId = MetricId<Kind::gauge>;
using HistogramId = MetricId<Kind::histogram>;

/// One metric with one set of label values; for callers that have numbers and no types (the C ABI).
struct SeriesId {
    std::uint32_t index = 0;
};

/// What one series adds up to over all loops.
struct Sample {
    std::vector<std::string> values;   // of the labels
    std::vector<std::uint64_t> cells;  // one; of a histogram Histogram::kCells
    std::optional<double> real;        // of a callback, instead of cells
};

struct Family {
    std::string name, help;
    Kind kind = Kind::counter;
    Unit unit = Unit::one;
    std::vector<std::string> labels;
    std::vector<Sample> samples;  // in the order of their values
};

/// A callback hands over its samples with this.
using Emit = std::function<void(std::initializer_list<std::string_view> values, double value)>;

class Metrics {
  public:
    static constexpr std::size_t kMaxSeriesPerMetric = 1000;  // the default
    static constexpr std::size_t kMaxMetrics = 1024;
    static constexpr std::size_t kMaxSeries = 1 << 16;

    /// `loops`: of requests; the control thread is shard `loops`. `warnings` gets a line per metric
    /// that overflows.
    explicit Metrics(std::size_t loops, const log::Domain* warnings = nullptr);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// The shard for threads that own none: its counters take `add_shared`.
    std::size_t shared() const noexcept;

    /// [any] One of names::kAll; the kind must be right.
    CounterId counter_id(const Definition& own) const noexcept;
    GaugeId gauge_id(const Definition& own) const noexcept;
    HistogramId histogram_id(const Definition& own) const noexcept;

    /// [any] Defines a metric at any time; the same definition again gives the same id. Errors: a
    /// bad name, the same name defined differently, a reserved name (microhost_, process_), too
    /// many. Counters end in _total, times in _seconds.
    Result<std::uint32_t> define(const Definition& wanted,
                                 std::size_t max_series = kMaxSeriesPerMetric);
    Result<CounterId> define_counter(std::string_view name, std::string_view help,
                                     std::initializer_list<std::string_view> labels = {});
    Result<GaugeId> define_gauge(std::string_view name, std::string_view help,
                                 std::initializer_list<std::string_view> labels = {});
    Result<HistogramId> define_histogram(std::string_view name, std::string_view help,
                                         std::initializer_list<std::string_view> labels = {});

    /// [any] The series with these values, made at first use; beyond the metric's maximum the one
    /// whose values are all "other". Takes a mutex for a look-up: cache the handle. Errors: no such
    /// metric, wrong number of values.
    Result<SeriesId> bind(std::uint32_t metric, std::span<const std::string_view> values);

    /// [any] The handle for one shard. `values` must be as many as the labels.
    using Values = std::initializer_list<std::string_view>;
    Counter counter(std::size_t shard, CounterId id, Values values);
    Gauge gauge(std::size_t shard, GaugeId id, Values values);
    Histogram histogram(std::size_t shard, HistogramId id, Values values);

    /// [any] No lock. Null: no such series or shard. `kind` receives what the cells are.
    Cell* cells(std::size_t shard, SeriesId id, Kind& kind) const noexcept;

    /// [any, not a loop] `produce` is called at each collect, on the collecting thread. One of
    /// names::kAll only.
    std::uint32_t add_callback(const Definition& own, std::function<void(const Emit&)> produce);
    /// [any, not a loop] After it returns the callback runs no more.
    void remove_callback(std::uint32_t callback);

    /// [any, not a loop] All families with at least one series, in the order of their names.
    std::vector<Family> collect() const;

  private:
    struct Internals;
    std::unique_ptr<Internals> internals_;
};

}  // namespace microhost::observe
