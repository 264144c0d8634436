// SPDX-License-Identifier: Apache-2.0
#include "observe/metrics.hpp"

#include "observe/escape.hpp"
#include "observe/log.hpp"
#include "observe/metric_names.hpp"
#include "observe/metric_series.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <mutex>

namespace microhost::observe {
namespace {

constexpr std::size_t kMaxLabelValue = 256;

/// Each value with its length in front, so that no two lists of values have the same key.
std::string key_of(std::span<const std::string> values) {
    std::string key;
    for (const std::string& value : values) {
        key += std::to_string(value.size());
        key += ':';
        key += value;
    }
    return key;
}

std::size_t cells_of(Kind kind) { return kind == Kind::histogram ? Histogram::kCells : 1; }

Definition definition(std::string_view name, std::string_view help, Kind kind, Unit unit,
                      std::initializer_list<std::string_view> labels) {
    assert(labels.size() <= kMaxLabels);
    Definition made{name, help, kind, unit, {}};
    std::copy(labels.begin(), labels.end(), made.labels.begin());
    return made;
}

bool same(const Metric& metric, const Definition& wanted) {
    return metric.kind == wanted.kind && metric.unit == wanted.unit &&
           std::equal(metric.labels.begin(), metric.labels.end(), wanted.labels.begin(),
                      wanted.labels.begin() + static_cast<std::ptrdiff_t>(wanted.label_count()));
}

}  // namespace

struct Metrics::Internals {
    struct Callback {
        std::uint32_t metric;
        std::function<void(const Emit&)> produce;
    };

    Internals(std::size_t loop_count, const log::Domain* domain)
        : loops(loop_count), warnings(domain), blocks(loop_count + 2) {
        for (const Definition* own : names::kAll) add(*own, kMaxSeriesPerMetric);
    }

    std::uint32_t add(const Definition& wanted, std::size_t max_series);
    const Series& find_or_make(Metric& metric, std::vector<std::string> values);
    const Series& make(Metric& metric, std::vector<std::string> values);
    const Series& overflow(Metric& metric);
    std::vector<std::pair<const Metric*, std::vector<const Series*>>> all(
        std::vector<std::pair<std::string, std::uint64_t>>& overflows);
    Sample sum(const Series& series) const;

    const std::size_t loops;
    const log::Domain* const warnings;

    mutable std::mutex mutex;  // held for a look-up, or to copy the list of series
    std::deque<Metric> metrics;
    std::map<std::string, std::uint32_t, std::less<>> by_name;
    std::vector<CellBlocks> blocks;  // per shard
    std::uint32_t series_count = 0;
    SeriesTable table;

    mutable std::mutex callback_mutex;  // held while callbacks run; never taken by a loop
    std::map<std::uint32_t, Callback> callbacks;
    std::uint32_t next_callback = 0;
};

std::uint32_t Metrics::Internals::add(const Definition& wanted, std::size_t max_series) {
    const auto id = static_cast<std::uint32_t>(metrics.size());
    Metric& metric = metrics.emplace_back();
    metric.name = wanted.name;
    metric.help = wanted.help;
    metric.kind = wanted.kind;
    metric.unit = wanted.unit;
    metric.labels.assign(wanted.labels.begin(),
                         wanted.labels.begin() + static_cast<std::ptrdiff_t>(wanted.label_count()));
    metric.max_series = max_series;
    by_name.emplace(metric.name, id);
    return id;
}

const Series& Metrics::Internals::make(Metric& metric, std::vector<std::string> values) {
    Series& series = metric.series.emplace_back();
    series.kind = metric.kind;
    series.id = series_count++;
    series.values = std::move(values);
    for (CellBlocks& shard : blocks) series.cells.push_back(shard.take(cells_of(metric.kind)));
    table.publish(series.id, &series);
    return series;
}

const Series& Metrics::Internals::overflow(Metric& metric) {
    ++metric.overflows;
    if (metric.other == nullptr) {
        // Somebody may use "other" as a value: then it is that series, because no two may look
        // alike.
        std::vector<std::string> values(metric.labels.size(), "other");
        const Series*& slot = metric.by_values[key_of(values)];
        if (slot == nullptr) slot = &make(metric, std::move(values));
        metric.other = slot;
        if (warnings != nullptr) {
            warnings->warn(
                "a metric has too many label values; further ones are counted as \"other\"",
                {{"metric", metric.name}, {"series", metric.max_series}});
        }
    }
    return *metric.other;
}

const Series& Metrics::Internals::find_or_make(Metric& metric, std::vector<std::string> values) {
    std::string key = key_of(values);
    if (const auto found = metric.by_values.find(key); found != metric.by_values.end()) {
        return *found->second;
    }
    // Each metric keeps one number in reserve for its "other".
    const bool full =
        metric.by_values.size() >= metric.max_series || series_count >= kMaxSeries - kMaxMetrics;
    if (full) return overflow(metric);
    const Series& series = make(metric, std::move(values));
    metric.by_values.emplace(std::move(key), &series);
    return series;
}

Metrics::Metrics(std::size_t loops, const log::Domain* warnings)
    : internals_(std::make_unique<Internals>(loops, warnings)) {}
Metrics::~Metrics() = default;

std::size_t Metrics::shared() const noexcept { return internals_->loops + 1; }

namespace {

/// names::kAll is defined first and in its order.
std::uint32_t own_index(const Definition& own, [[maybe_unused]] Kind kind) {
    const auto found = std::find(names::kAll.begin(), names::kAll.end(), &own);
    assert(found != names::kAll.end() && own.kind == kind);
    return static_cast<std::uint32_t>(found - names::kAll.begin());
}

}  // namespace

CounterId Metrics::counter_id(const Definition& own) const noexcept {
    return {own_index(own, Kind::counter)};
}
GaugeId Metrics::gauge_id(const Definition& own) const noexcept {
    return {own_index(own, Kind::gauge)};
}
HistogramId Metrics::histogram_id(const Definition& own) const noexcept {
    return {own_index(own, Kind::histogram)};
}

Result<std::uint32_t> Metrics::define(const Definition& wanted, std::size_t max_series) {
    if (const auto valid = check_definition(wanted); !valid) return valid.error();
    Internals& in = *internals_;
    const std::lock_guard lock(in.mutex);
    if (const auto found = in.by_name.find(wanted.name); found != in.by_name.end()) {
        if (same(in.metrics[found->second], wanted)) return found->second;
        return error("the metric {} is already defined with another kind or other labels",
                     wanted.name);
    }
    if (in.metrics.size() >= kMaxMetrics) {
        return error("cannot define the metric {}: there are {} already", wanted.name, kMaxMetrics);
    }
    return in.add(wanted, max_series);
}

Result<CounterId> Metrics::define_counter(std::string_view name, std::string_view help,
                                          std::initializer_list<std::string_view> labels) {
    const auto id = define(definition(name, help, Kind::counter, Unit::one, labels));
    if (!id) return id.error();
    return CounterId{*id};
}
Result<GaugeId> Metrics::define_gauge(std::string_view name, std::string_view help,
                                      std::initializer_list<std::string_view> labels) {
    const auto id = define(definition(name, help, Kind::gauge, Unit::one, labels));
    if (!id) return id.error();
    return GaugeId{*id};
}
Result<HistogramId> Metrics::define_histogram(std::string_view name, std::string_view help,
                                              std::initializer_list<std::string_view> labels) {
    const auto id = define(definition(name, help, Kind::histogram, Unit::microseconds, labels));
    if (!id) return id.error();
    return HistogramId{*id};
}

Result<SeriesId> Metrics::bind(std::uint32_t metric, std::span<const std::string_view> values) {
    std::vector<std::string> own;
    own.reserve(values.size());
    for (const std::string_view value : values) own.emplace_back(utf8_clip(value, kMaxLabelValue));
    Internals& in = *internals_;
    const std::lock_guard lock(in.mutex);
    if (metric >= in.metrics.size()) return error("there is no metric number {}", metric);
    Metric& found = in.metrics[metric];
    if (values.size() != found.labels.size()) {
        return error("the metric {} has {} labels, not {}", found.name, found.labels.size(),
                     values.size());
    }
    return SeriesId{in.find_or_make(found, std::move(own)).id};
}

Cell* Metrics::cells(std::size_t shard, SeriesId id, Kind& kind) const noexcept {
    const Series* series = internals_->table.find(id.index);
    if (series == nullptr || shard >= series->cells.size()) return nullptr;
    kind = series->kind;
    return series->cells[shard];
}

namespace {

Cell* cells_for(Metrics& metrics, std::size_t shard, std::uint32_t metric, Metrics::Values values) {
    const auto series = metrics.bind(metric, {values.begin(), values.size()});
    assert(series);
    Kind kind;
    Cell* cells = metrics.cells(shard, *series, kind);
    assert(cells != nullptr);
    return cells;
}

}  // namespace

Counter Metrics::counter(std::size_t shard, CounterId id, Values values) {
    return Counter(cells_for(*this, shard, id.index, values));
}
Gauge Metrics::gauge(std::size_t shard, GaugeId id, Values values) {
    return Gauge(cells_for(*this, shard, id.index, values));
}
Histogram Metrics::histogram(std::size_t shard, HistogramId id, Values values) {
    return Histogram(cells_for(*this, shard, id.index, values));
}

std::uint32_t Metrics::add_callback(const Definition& own,
                                    std::function<void(const Emit&)> produce) {
    const std::lock_guard lock(internals_->callback_mutex);
    const std::uint32_t id = internals_->next_callback++;
    internals_->callbacks.emplace(
        id, Internals::Callback{own_index(own, own.kind), std::move(produce)});
    return id;
}

void Metrics::remove_callback(std::uint32_t callback) {
    const std::lock_guard lock(internals_->callback_mutex);
    internals_->callbacks.erase(callback);
}

Sample Metrics::Internals::sum(const Series& series) const {
    Sample sample{series.values, std::vector<std::uint64_t>(cells_of(series.kind)), {}};
    for (const Cell* cells : series.cells) {
        for (std::size_t i = 0; i < sample.cells.size(); ++i) {
            sample.cells[i] += cells[i].load(std::memory_order_relaxed);
        }
    }
    return sample;
}

/// Only pointers are copied under the mutex, because loops wait for it.
std::vector<std::pair<const Metric*, std::vector<const Series*>>> Metrics::Internals::all(
    std::vector<std::pair<std::string, std::uint64_t>>& overflows) {
    std::vector<std::pair<const Metric*, std::vector<const Series*>>> found;
    const std::lock_guard lock(mutex);
    for (const Metric& metric : metrics) {
        auto& list = found.emplace_back(&metric, std::vector<const Series*>()).second;
        list.reserve(metric.series.size());
        for (const Series& series : metric.series) list.push_back(&series);
        if (metric.overflows != 0) overflows.emplace_back(metric.name, metric.overflows);
    }
    return found;
}

std::vector<Family> Metrics::collect() const {
    Internals& in = *internals_;
    std::vector<Family> families;
    std::vector<std::pair<std::string, std::uint64_t>> overflows;
    for (const auto& [metric, series] : in.all(overflows)) {
        Family& family = families.emplace_back(
            Family{metric->name, metric->help, metric->kind, metric->unit, metric->labels, {}});
        for (const Series* one : series) family.samples.push_back(in.sum(*one));
    }
    auto& overflow_samples = families[own_index(names::kMetricsOverflow, Kind::counter)].samples;
    for (auto& [name, count] : overflows) overflow_samples.push_back({{name}, {count}, {}});
    {
        const std::lock_guard lock(in.callback_mutex);
        for (const auto& [id, callback] : in.callbacks) {
            Family& family = families[callback.metric];
            callback.produce(
                [&family](std::initializer_list<std::string_view> values, double value) {
                    assert(values.size() == family.labels.size());
                    family.samples.push_back({{values.begin(), values.end()}, {}, value});
                });
        }
    }
    std::erase_if(families, [](const Family& family) { return family.samples.empty(); });
    for (Family& family : families) std::ranges::sort(family.samples, {}, &Sample::values);
    std::ranges::sort(families, {}, &Family::name);
    return families;
}

}  // namespace microhost::observe
