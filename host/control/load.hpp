// SPDX-License-Identifier: Apache-2.0
/// What a process does in a second: the difference of two readings of its metrics.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/census.hpp"
#include "observe/cells.hpp"
#include "observe/metrics.hpp"

namespace microhost::control {

using Buckets = std::array<uint64_t, observe::kBuckets>;

/// Of a route, a service or an upstream, since the start.
struct Counted {
    uint64_t calls = 0, errors = 0;
    Buckets times{};
    int64_t streams = 0;  ///< open now; of an upstream connections
};

struct Spent {
    uint64_t calls = 0, nanoseconds = 0;
};

/// The counters at one moment.
struct Reading {
    uint64_t at_ns = 0;
    Counted all;                                                    ///< that came in
    std::map<std::pair<std::string, std::string>, Counted> routes;  ///< by module and route
    std::map<std::string, Counted> services;                        ///< that were called
    std::map<std::string, Counted> upstreams;
    std::map<std::string, Spent> modules;
    LoopFigures loops;
};

Reading read_metrics(std::span<const observe::Family> families, uint64_t at_ns, LoopFigures loops);

/// A line of the table; rates are per second.
struct Rate {
    std::string name, detail;  ///< of a route the module and the route
    double calls = 0, errors = 0;
    std::optional<double> p50_us, p90_us, p99_us;  ///< none without a call
    int64_t streams = 0;                           ///< as in Counted
};
struct ListenerRate {
    std::string name;
    uint64_t connections = 0, in_flight = 0;
    double accepted = 0, received = 0, sent = 0;
};
struct ModuleRate {
    std::string name;
    double calls = 0;
    double share = 0;  ///< of a processor: 1 is one that does nothing else
};

struct Load {
    double seconds = 0;
    Rate all;
    std::vector<Rate> routes, services, upstreams;
    std::vector<ListenerRate> listeners;
    std::vector<ModuleRate> modules;
    /// How many sort_load() has left out of each.
    size_t more_routes = 0, more_services = 0, more_listeners = 0, more_modules = 0;
};

Load load_between(const Reading& before, const Reading& now);

/// The time that the share `q` of them does not exceed, guessed evenly within a bucket. Beyond the last bound: that bound.
std::optional<double> quantile_us(const Buckets& times, double q);

/// "requests", "errors", "p50", "p99", "name". Each list keeps at most `lines`.
void sort_load(Load& load, std::string_view by, size_t lines);

std::string text_of(const Load& load);
/// One JSON object; `time_us` since 1970.
std::string json_of(const Load& load, uint64_t time_us);

}  // namespace microhost::control
