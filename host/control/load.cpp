// SPDX-License-Identifier: Apache-2.0
#include "control/load.hpp"

#include <algorithm>

#include "observe/names.hpp"

namespace microhost::control {
namespace {

namespace metric = observe::names;
using observe::Family;
using observe::Sample;

uint64_t count_of(const Sample& s) { return s.cells.empty() ? 0 : s.cells[0]; }

void add_times(const Sample& s, Buckets& out) {
    for (size_t i = 0; i < out.size() && i + 1 < s.cells.size(); i++) out[i] += s.cells[i + 1];
}

/// The control socket's own requests are whoever looks.
bool is_looking(const Sample& s) { return s.values[0] == "control"; }

void read_family(const Family& f, Reading& out) {
    for (const Sample& s : f.samples) {
        if (f.name == metric::kRequests.name && !is_looking(s)) {
            Counted& c = out.routes[{s.values[0], s.values[1]}];
            const uint64_t failed = s.values[2] == "5xx" ? count_of(s) : 0;
            c.calls += count_of(s);
            c.errors += failed;
            out.all.calls += count_of(s);
            out.all.errors += failed;
        } else if (f.name == metric::kRequestDuration.name && !is_looking(s)) {
            add_times(s, out.routes[{s.values[0], s.values[1]}].times);
            add_times(s, out.all.times);
        } else if (f.name == metric::kRpcCalls.name) {
            Counted& c = out.services[s.values[0]];
            c.calls += count_of(s);
            if (s.values[1] != "ok" && s.values[1] != "cancelled") c.errors += count_of(s);
        } else if (f.name == metric::kRpcDuration.name) {
            add_times(s, out.services[s.values[0]].times);
        } else if (f.name == metric::kRpcStreams.name) {
            out.services[s.values[0]].streams = static_cast<int64_t>(count_of(s));
        } else if (f.name == metric::kUpstreamDuration.name) {
            add_times(s, out.upstreams[s.values[0]].times);
        } else if (f.name == metric::kModuleCalls.name) {
            out.modules[s.values[0]].calls += count_of(s);
        } else if (f.name == metric::kModuleSeconds.name) {
            out.modules[s.values[0]].nanoseconds += count_of(s);
        }
    }
}

/// What only the loops know.
void read_loops(Reading& out) {
    for (const auto& [name, l] : out.loops.listeners)
        out.all.streams += static_cast<int64_t>(l.in_flight);
    for (const auto& [name, u] : out.loops.upstreams) {
        Counted& c = out.upstreams[name];
        c.calls = u.figures.answered + u.figures.failed + u.figures.cancelled;
        c.errors = u.figures.failed;
        c.streams = static_cast<int64_t>(u.idle + u.busy);
    }
}

/// What was not there before began at 0.
template <class Map>
typename Map::mapped_type before_of(const Map& before, const typename Map::key_type& key) {
    const auto found = before.find(key);
    return found == before.end() ? typename Map::mapped_type{} : found->second;
}

double rate(uint64_t before, uint64_t now, double seconds) {
    return now <= before || seconds <= 0 ? 0 : static_cast<double>(now - before) / seconds;
}

Rate rate_of(const Counted& before, const Counted& now, double seconds) {
    Rate r;
    r.calls = rate(before.calls, now.calls, seconds);
    r.errors = rate(before.errors, now.errors, seconds);
    r.streams = now.streams;
    Buckets times{};
    for (size_t i = 0; i < times.size(); i++) times[i] = now.times[i] - before.times[i];
    r.p50_us = quantile_us(times, 0.5);
    r.p90_us = quantile_us(times, 0.9);
    r.p99_us = quantile_us(times, 0.99);
    return r;
}

std::vector<Rate> rates_between(const std::map<std::string, Counted>& before,
                                const std::map<std::string, Counted>& now, double seconds) {
    std::vector<Rate> out;
    for (const auto& [name, c] : now) {
        out.push_back(rate_of(before_of(before, name), c, seconds));
        out.back().name = name;
    }
    return out;
}

std::vector<ListenerRate> listeners_between(const LoopFigures& before, const LoopFigures& now,
                                            double seconds) {
    std::vector<ListenerRate> out;
    for (const auto& [name, f] : now.listeners) {
        const http::SiteFigures was = before_of(before.listeners, name);
        const uint64_t open = before_of(now.connections, name);
        out.push_back({name, open, f.in_flight, rate(was.accepted, f.accepted, seconds),
                       rate(was.received, f.received, seconds), rate(was.sent, f.sent, seconds)});
    }
    return out;
}

double order_of(const Rate& r, std::string_view by) {
    if (by == "errors") return r.errors;
    if (by == "p50") return r.p50_us.value_or(-1);
    if (by == "p99") return r.p99_us.value_or(-1);
    return by == "name" ? 0 : r.calls;
}
double order_of(const ModuleRate& r, std::string_view by) {
    if (by == "name") return 0;
    return by == "requests" ? r.calls : r.share;
}
double order_of(const ListenerRate&, std::string_view) { return 0; }

/// They come in the order of their names, which stays among equals.
template <class Row>
size_t sort_rows(std::vector<Row>& rows, std::string_view by, size_t lines) {
    std::ranges::stable_sort(
        rows, [&](const Row& a, const Row& b) { return order_of(a, by) > order_of(b, by); });
    const size_t all = rows.size();
    if (all > lines) rows.resize(lines);
    return all - rows.size();
}

}  // namespace

Reading read_metrics(std::span<const Family> families, uint64_t at_ns, LoopFigures loops) {
    Reading out;
    out.at_ns = at_ns;
    out.loops = std::move(loops);
    for (const Family& f : families) read_family(f, out);
    read_loops(out);
    return out;
}

Load load_between(const Reading& before, const Reading& now) {
    Load out;
    out.seconds = static_cast<double>(now.at_ns - before.at_ns) / 1e9;
    for (const auto& [key, c] : now.routes) {
        Rate r = rate_of(before_of(before.routes, key), c, out.seconds);
        r.name = key.first;
        r.detail = key.second;
        out.routes.push_back(std::move(r));
    }
    out.all = rate_of(before.all, now.all, out.seconds);
    out.services = rates_between(before.services, now.services, out.seconds);
    out.upstreams = rates_between(before.upstreams, now.upstreams, out.seconds);
    for (const auto& [key, spent] : now.modules) {
        const Spent was = before_of(before.modules, key);
        out.modules.push_back({key, rate(was.calls, spent.calls, out.seconds),
                               rate(was.nanoseconds, spent.nanoseconds, out.seconds) / 1e9});
    }
    out.listeners = listeners_between(before.loops, now.loops, out.seconds);
    return out;
}

std::optional<double> quantile_us(const Buckets& times, double q) {
    uint64_t all = 0;
    for (const uint64_t n : times) all += n;
    if (all == 0) return {};
    const double wanted = q * static_cast<double>(all);
    double below = 0;
    for (size_t i = 0; i < observe::kBucketBounds.size(); i++) {
        const auto here = static_cast<double>(times[i]);
        if (below + here >= wanted && here > 0) {
            const double low = i == 0 ? 0 : static_cast<double>(observe::kBucketBounds[i - 1]);
            const auto high = static_cast<double>(observe::kBucketBounds[i]);
            return low + (high - low) * (wanted - below) / here;
        }
        below += here;
    }
    return static_cast<double>(observe::kBucketBounds.back());
}

void sort_load(Load& load, std::string_view by, size_t lines) {
    load.more_routes = sort_rows(load.routes, by, lines);
    load.more_services = sort_rows(load.services, by, lines);
    load.more_listeners = sort_rows(load.listeners, by, lines);
    load.more_modules = sort_rows(load.modules, by, lines);
}

}  // namespace microhost::control
