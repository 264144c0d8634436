// SPDX-License-Identifier: Apache-2.0
#include "http/request_metrics.hpp"

#include "http/names.hpp"
#include "observe/names.hpp"

namespace microhost::http {
namespace {

constexpr std::string_view kMethodNames[] = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                             "CONNECT", "OPTIONS", "TRACE", "PATCH", "other"};
constexpr std::string_view kClassNames[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

}  // namespace

RequestMetrics::Route& RequestMetrics::find(std::string_view module, std::string_view route) {
    if (last_ && same(last_->route, route) && same(last_->module, module)) return *last_;
    char key[512];
    size_t n = module.substr(0, 128).copy(key, 128);
    key[n++] = 0;
    n += route.substr(0, 256).copy(key + n, 256);
    auto it = routes_.find(std::string_view(key, n));
    if (it == routes_.end()) {
        it = routes_.emplace(std::string(key, n), Route{}).first;
        it->second.module = module;
        it->second.route = route;
        it->second.duration = metrics_->histogram(
            loop_, metrics_->histogram_id(observe::names::kRequestDuration), {module, route});
    }
    last_ = &it->second;
    return *last_;
}

void RequestMetrics::count_rejected(std::string_view listener, const char* why) {
    if (!metrics_) return;
    for (Rejected& r : rejected_)
        if (r.why == why && r.listener == listener) return r.counter.add();
    const auto id = metrics_->counter_id(observe::names::kRequestsRejected);
    rejected_.push_back(
        {std::string(listener), why, metrics_->counter(loop_, id, {listener, why})});
    rejected_.back().counter.add();
}

void RequestMetrics::count(std::string_view module, std::string_view route, Method method,
                           unsigned status, uint64_t duration_ns) {
    if (!metrics_) return;
    Route& r = find(module, route);
    auto m = static_cast<size_t>(method);
    size_t c = status / 100 < kClasses ? status / 100 : 0;
    if (!r.bound[m][c]) {
        r.bound[m][c] = true;
        r.counters[m][c] = metrics_->counter(loop_, metrics_->counter_id(observe::names::kRequests),
                                             {module, route, kClassNames[c], kMethodNames[m]});
    }
    r.counters[m][c].add();
    r.duration.observe(duration_ns / 1000);
}

}  // namespace microhost::http
