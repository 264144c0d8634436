// SPDX-License-Identifier: Apache-2.0
#include "observe/metrics.hpp"

#include <array>
#include <atomic>

#include "loop/loop.hpp"
#include "module/abi/metrics.hpp"
#include "module/abi/tables.hpp"
#include "module/environment.hpp"
#include "module/host_side.hpp"

namespace microhost::module {
namespace {

// add() has nothing but the series: shard + 1 in the upper half, number + 1 in the lower.
std::atomic<observe::Metrics*> current_metrics{nullptr};

observe::Cell* cells_of(uint64_t series, observe::Kind& kind) {
    observe::Metrics* metrics = current_metrics.load(std::memory_order_acquire);
    const auto shard = static_cast<size_t>(series >> 32);
    const auto number = static_cast<uint32_t>(series);
    const Loop* loop = Loop::current();
    // A cell has one writer: the loop that made the series.
    if (!metrics || !loop || shard == 0 || number == 0 || loop->index() + 1 != shard)
        return nullptr;
    return metrics->cells(shard - 1, observe::SeriesId{number - 1}, kind);
}

uint32_t define(const mh_host* h, int32_t kind, const char* name, const char* help,
                const char* const* labels, uint32_t n_labels) {
    HostSide* side = HostSide::find(h);
    if (!side || !name || kind < MH_METRIC_COUNTER || kind > MH_METRIC_HISTOGRAM ||
        n_labels > observe::kMaxLabels || (n_labels && !labels))
        return 0;
    observe::Definition d{name, help ? help : "", static_cast<observe::Kind>(kind)};
    const bool is_time = d.name.ends_with("_seconds") || d.name.ends_with("_seconds_total");
    if (is_time || d.kind == observe::Kind::histogram) d.unit = observe::Unit::microseconds;
    for (uint32_t i = 0; i < n_labels; i++) {
        if (!labels[i]) return 0;
        d.labels[i] = labels[i];
    }
    auto id = side->environment.metrics.define(d);
    if (!id) {
        side->log.warn("a metric is refused", {{"metric", name}, {"why", id.error().what}});
        return 0;
    }
    return *id + 1;
}

uint64_t series(const mh_host* h, uint32_t metric, const mh_str* values, uint32_t n) {
    HostSide* side = HostSide::find(h);
    const Loop* loop = Loop::current();
    if (!side || metric == 0 || !loop || n > observe::kMaxLabels || (n && !values)) return 0;
    std::array<std::string_view, observe::kMaxLabels> texts;
    for (uint32_t i = 0; i < n; i++) texts[i] = view(values[i]);
    auto id = side->environment.metrics.bind(metric - 1, {texts.data(), n});
    if (!id) return 0;
    return uint64_t{loop->index() + 1} << 32 | (id->index + 1);
}

void add(uint64_t series, int64_t v) {
    observe::Kind kind{};
    observe::Cell* cell = cells_of(series, kind);
    if (cell && (kind == observe::Kind::gauge || (kind == observe::Kind::counter && v >= 0)))
        observe::cell_add(*cell, static_cast<uint64_t>(v));
}

void observe_us(uint64_t series, uint64_t us) {
    observe::Kind kind{};
    observe::Cell* cells = cells_of(series, kind);
    if (cells && kind == observe::Kind::histogram) observe::Histogram(cells).observe(us);
}

}  // namespace

void set_current_metrics(observe::Metrics* metrics) {
    current_metrics.store(metrics, std::memory_order_release);
}

const mh_metrics kMetricsTable{sizeof(mh_metrics), 0, define, series, add, observe_us};

}  // namespace microhost::module
