// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <limits>

#include "control/abi_read.hpp"
#include "control/traffic_feed.hpp"
#include "module/host_side.hpp"
#include "observe/metrics.hpp"

namespace microhost::control {
namespace {

using module::HostSide;
using module::lend;
using observe::Family;
using observe::kBuckets;
using observe::Kind;
using observe::Sample;
using observe::Unit;

static_assert(static_cast<int>(Kind::counter) == MH_METRIC_COUNTER &&
              static_cast<int>(Kind::gauge) == MH_METRIC_GAUGE &&
              static_cast<int>(Kind::histogram) == MH_METRIC_HISTOGRAM);

using EachFn = void (*)(void* user, const mh_metric_sample* s);

/// In seconds.
const std::array<double, kBuckets>& bounds() {
    static const std::array<double, kBuckets> all = [] {
        std::array<double, kBuckets> out{};
        for (size_t i = 0; i < observe::kBucketBounds.size(); i++)
            out[i] = static_cast<double>(observe::kBucketBounds[i]) / 1e6;
        out.back() = std::numeric_limits<double>::infinity();
        return out;
    }();
    return all;
}

double value_of(const Family& f, const Sample& s) {
    if (s.real) return *s.real;
    const uint64_t n = s.cells[0];
    switch (f.unit) {
        case Unit::nanoseconds: return static_cast<double>(n) / 1e9;
        case Unit::microseconds: return static_cast<double>(n) / 1e6;
        case Unit::one: break;
    }
    return f.kind == Kind::gauge ? static_cast<double>(static_cast<int64_t>(n))
                                 : static_cast<double>(n);
}

void show(const Family& f, const Sample& s, EachFn fn, void* user) {
    std::array<mh_kv, observe::kMaxLabels> labels;
    std::array<uint64_t, kBuckets> buckets;
    mh_metric_sample m{};
    m.size = sizeof m;
    m.kind = static_cast<int32_t>(f.kind);
    m.name = lend(f.name);
    m.help = lend(f.help);
    m.labels = labels.data();
    m.n_labels = static_cast<uint32_t>(f.labels.size());
    for (size_t i = 0; i < f.labels.size(); i++) labels[i] = {lend(f.labels[i]), lend(s.values[i])};
    m.value = value_of(f, s);
    if (f.kind == Kind::histogram) {
        for (size_t i = 0; i < kBuckets; i++) buckets[i] = m.count += s.cells[1 + i];
        m.bounds = bounds().data();
        m.buckets = buckets.data();
        m.n_buckets = kBuckets;
    }
    fn(user, &m);
}

mh_status each(const mh_host* h, mh_str prefix, EachFn fn, void* user) {
    if (!HostSide::find(h) || !fn || module::broken(prefix)) return MH_E_INVALID;
    const TrafficFeed* feed = TrafficFeed::current();
    if (!feed) return MH_E_WRONG_THREAD;
    return module::guard_status([&] {
        for (const Family& f : feed->metrics().collect())
            if (f.name.starts_with(module::view(prefix)))
                for (const Sample& s : f.samples) show(f, s, fn, user);
        return mh_status{MH_OK};
    });
}

mh_status traffic(const mh_host* h, int32_t ring, uint32_t most, int64_t* end_ms,
                  void (*fn)(void*, const mh_traffic*), void* user) {
    if (!HostSide::find(h) || !fn || (ring != MH_RING_SECONDS && ring != MH_RING_TENS))
        return MH_E_INVALID;
    TrafficFeed* feed = TrafficFeed::current();
    if (!feed) return MH_E_WRONG_THREAD;
    return module::guard_status([&] {
        feed->start();
        if (end_ms) *end_ms = feed->traffic().end_ms(ring);
        feed->traffic().each(ring, most,
                             [&](const Traffic::Key& key, std::span<const TrafficPoint> points) {
                                 mh_traffic t{};
                                 t.size = sizeof t;
                                 t.kind = key.kind;
                                 t.name = lend(key.name);
                                 t.detail = lend(key.detail);
                                 t.points = points.data();
                                 t.n = static_cast<uint32_t>(points.size());
                                 t.stride = sizeof(TrafficPoint);
                                 fn(user, &t);
                             });
        return mh_status{MH_OK};
    });
}

mh_status watch(const mh_host* h, TrafficFeed::Fn fn, void* user, mh_token* out) {
    HostSide* side = HostSide::find(h);
    if (!side || !fn || !out) return MH_E_INVALID;
    TrafficFeed* feed = TrafficFeed::current();
    if (!feed) return MH_E_WRONG_THREAD;
    return module::guard_status([&] {
        *out = feed->watch(side, fn, user);
        return mh_status{*out ? MH_OK : MH_E_LIMIT};
    });
}

mh_status unwatch(mh_token t) {
    TrafficFeed* feed = TrafficFeed::current();
    return feed ? feed->unwatch(t) : MH_E_WRONG_THREAD;
}

}  // namespace

const mh_metrics_read kMetricsReadTable{sizeof(mh_metrics_read), 0, each, traffic, watch, unwatch};

}  // namespace microhost::control
