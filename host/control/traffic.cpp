// SPDX-License-Identifier: Apache-2.0
#include "control/traffic.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace microhost::control {
namespace {

constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();
constexpr TrafficPoint kUnmeasured{kNothing, kNothing, kNothing, kNothing,
                                   kNothing, kNothing, kNothing, kNothing};
constexpr size_t kTen = 10;

/// Nothing of that kind happened: 0 where it is counted.
TrafficPoint idle(int32_t kind) {
    const bool has_errors = kind != MH_TRAFFIC_LISTENER && kind != MH_TRAFFIC_MODULE;
    const bool has_open = kind != MH_TRAFFIC_ROUTE && kind != MH_TRAFFIC_MODULE;
    TrafficPoint p = kUnmeasured;
    p.requests = 0;
    if (has_errors) p.errors = 0;
    if (has_open) p.open = 0;
    if (kind == MH_TRAFFIC_MODULE) p.busy = 0;
    if (kind == MH_TRAFFIC_LISTENER || kind == MH_TRAFFIC_ALL) p.bytes = 0;
    return p;
}

float ms(const std::optional<double>& us) { return us ? static_cast<float>(*us / 1000) : kNothing; }

TrafficPoint point_of(int32_t kind, const Rate& r) {
    TrafficPoint p = idle(kind);
    p.requests = static_cast<float>(r.calls);
    p.errors = static_cast<float>(r.errors);
    p.p50_ms = ms(r.p50_us);
    p.p90_ms = ms(r.p90_us);
    p.p99_ms = ms(r.p99_us);
    if (kind != MH_TRAFFIC_ROUTE) p.open = static_cast<float>(r.streams);
    return p;
}

bool is_active(const TrafficPoint& p) {
    return p.requests > 0 || p.errors > 0 || p.open > 0 || p.busy > 0;
}

using Field = float TrafficPoint::*;

/// Of the last ten, or of so many as the line has: before it was there nothing passed.
float mean(const TrafficSeries& s, Field field) {
    float sum = 0;
    size_t measured = 0, unmeasured = 0;
    for (size_t i = 0; i < std::min(kTen, s.size()); i++) {
        const float v = s.back(i).*field;
        if (std::isnan(v))
            unmeasured++;
        else
            sum += v, measured++;
    }
    return measured ? sum / static_cast<float>(kTen - unmeasured) : kNothing;
}

float highest(const TrafficSeries& s, Field field) {
    float most = kNothing;
    for (size_t i = 0; i < std::min(kTen, s.size()); i++)
        most = std::fmax(most, s.back(i).*field);  // what is not a number does not count
    return most;
}

TrafficPoint ten_of(const TrafficSeries& s) {
    TrafficPoint p = kUnmeasured;
    for (const Field f : {&TrafficPoint::requests, &TrafficPoint::errors, &TrafficPoint::busy,
                          &TrafficPoint::bytes})
        p.*f = mean(s, f);
    for (const Field f : {&TrafficPoint::p50_ms, &TrafficPoint::p90_ms, &TrafficPoint::p99_ms})
        p.*f = highest(s, f);
    p.open = s.back(0).open;
    return p;
}

}  // namespace

void TrafficSeries::push(const TrafficPoint& p) {
    if (points_.size() < most_) {
        points_.push_back(p);
        return;
    }
    points_[next_] = p;
    next_ = (next_ + 1) % most_;
}

const TrafficPoint& TrafficSeries::back(size_t i) const {
    return points_[(next_ + points_.size() - 1 - i) % points_.size()];
}

void Traffic::add(const Load& load, uint64_t missed, int64_t end_ms) {
    // After a longer break nothing of what was before is left.
    missed = std::min<uint64_t>(missed, kTens * kTen);
    for (uint64_t i = missed; i > 0; i--) step(false, end_ms - static_cast<int64_t>(i) * 1000);
    for (auto& [key, line] : lines_) line.now = idle(key.kind);
    put_all(load);
    step(true, end_ms);
    forget();
}

void Traffic::put_all(const Load& load) {
    TrafficPoint all = point_of(MH_TRAFFIC_ALL, load.all);
    for (const ListenerRate& l : load.listeners) {
        TrafficPoint p = idle(MH_TRAFFIC_LISTENER);
        p.requests = static_cast<float>(l.accepted);
        p.open = static_cast<float>(l.connections);
        p.bytes = static_cast<float>(l.received + l.sent);
        all.bytes += p.bytes;
        put({MH_TRAFFIC_LISTENER, l.name, {}}, p, true);
    }
    put({MH_TRAFFIC_ALL, {}, {}}, all, true);
    for (const Rate& r : load.routes)
        put({MH_TRAFFIC_ROUTE, r.name, r.detail}, point_of(MH_TRAFFIC_ROUTE, r), false);
    for (const Rate& r : load.services)
        put({MH_TRAFFIC_SERVICE, r.name, {}}, point_of(MH_TRAFFIC_SERVICE, r), false);
    for (const Rate& r : load.upstreams)
        put({MH_TRAFFIC_UPSTREAM, r.name, {}}, point_of(MH_TRAFFIC_UPSTREAM, r), false);
    for (const ModuleRate& m : load.modules) {
        TrafficPoint p = idle(MH_TRAFFIC_MODULE);
        p.requests = static_cast<float>(m.calls);
        p.busy = static_cast<float>(m.share);
        put({MH_TRAFFIC_MODULE, m.name, {}}, p, false);
    }
}

/// `is_there`: it is a line even while nothing passes.
void Traffic::put(Key key, const TrafficPoint& p, bool is_there) {
    const bool active = is_there || is_active(p);
    auto found = lines_.find(key);
    if (found == lines_.end()) {
        size_t& count = counts_[static_cast<size_t>(key.kind)];
        // What counts since the start of the process and does not move is no line.
        if (!active || count == kMostLines) return;
        count++;
        found = lines_.emplace(std::move(key), Line{}).first;
    }
    found->second.now = p;
    if (active) found->second.active_at = seconds_;
}

void Traffic::step(bool measured, int64_t end_ms) {
    seconds_++;
    seconds_ms_ = end_ms;
    const bool ten = seconds_ % kTen == 0;
    if (ten) tens_ms_ = end_ms;
    for (auto& [key, line] : lines_) {
        line.seconds.push(measured ? line.now : kUnmeasured);
        if (ten) line.tens.push(ten_of(line.seconds));
    }
}

void Traffic::forget() {
    std::erase_if(lines_, [this](const auto& l) {
        if (seconds_ - l.second.active_at <= kForgetSeconds) return false;
        counts_[static_cast<size_t>(l.first.kind)]--;
        return true;
    });
}

}  // namespace microhost::control
