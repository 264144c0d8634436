// SPDX-License-Identifier: Apache-2.0
#include "rpc/call_metrics.hpp"

#include <utility>

#include "http/names.hpp"

namespace microhost::rpc {
namespace {

constexpr std::array<std::string_view, 8> kNames{"ok", "error",     "timeout", "unavailable",
                                                 "io", "cancelled", "limit",   "unreachable"};

size_t outcome_of(mh_status s) {
    switch (s) {
        case MH_OK: return 0;
        case MH_E_INVALID: return 1;
        case MH_E_TIMEOUT: return 2;
        case MH_E_UNAVAILABLE: return 3;
        case MH_E_CANCELLED: return 5;
        case MH_E_LIMIT: return 6;
        case MH_E_UNREACHABLE: return 7;
        default: return 4;
    }
}

}  // namespace

CallMetrics::Meter* CallMetrics::of(std::string_view service) {
    if (!metrics_) return nullptr;
    if (last_ && http::same(last_->service_, service)) return last_;
    auto it = meters_.find(service);
    if (it == meters_.end()) {
        it = meters_.emplace(std::string(service), std::make_unique<Meter>()).first;
        Meter& m = *it->second;
        m.owner_ = this;
        m.service_ = it->first;
        m.duration_ = metrics_->histogram(
            loop_, metrics_->histogram_id(observe::names::kRpcDuration), {m.service_});
    }
    return last_ = it->second.get();
}

void CallMetrics::Meter::count(mh_status s, uint64_t duration_ns) {
    const size_t i = outcome_of(s);
    if (!bound_[i]) {
        observe::Metrics& m = *owner_->metrics_;
        counters_[i] = m.counter(owner_->loop_, m.counter_id(observe::names::kRpcCalls),
                                 {service_, kNames[i]});
        bound_[i] = true;
    }
    counters_[i].add();
    duration_.observe(duration_ns / 1000);
}

void CallMetrics::Meter::count_stream(int64_t change) {
    if (!std::exchange(streams_bound_, true)) {
        observe::Metrics& m = *owner_->metrics_;
        streams_ = m.gauge(owner_->loop_, m.gauge_id(observe::names::kRpcStreams), {service_});
    }
    streams_.add(change);
}

}  // namespace microhost::rpc
