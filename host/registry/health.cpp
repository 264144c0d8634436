// SPDX-License-Identifier: Apache-2.0
#include "registry/health.hpp"

#include "json/nearest.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace microhost::registry {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShortest{1000};
constexpr milliseconds kLongest{3'600'000};
constexpr int kMostAtOnce = 64;  // per tick; the others come with the next one
constexpr milliseconds kNextBatch{50};

Result<milliseconds> interval_of(std::string_view text) {
    int64_t number = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
    int64_t factor = 0;
    if (unit == "ms") factor = 1;
    if (unit == "s" || unit.empty()) factor = 1000;
    if (unit == "m") factor = 60'000;
    const bool fits = ec == std::errc{} && factor != 0 && number > 0 && number <= kLongest.count();
    if (!fits || milliseconds(number * factor) < kShortest ||
        milliseconds(number * factor) > kLongest) {
        return error("health_interval {} is no time from 1s to 1h: write it like \"10s\"",
                     json::quote_short(text));
    }
    return milliseconds(number * factor);
}

bool is_path(std::string_view path) {
    return path.starts_with('/') && path.size() <= 1024 &&
           std::all_of(path.begin(), path.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

Result<std::optional<HealthSpec>> health_spec(const Metadata& metadata) {
    const std::string_view check = get(metadata, "health_check");
    if (check.empty()) return std::optional<HealthSpec>{};
    HealthSpec spec;
    if (check.starts_with("http:")) {
        spec.kind = HealthSpec::Kind::http;
        spec.path = check.substr(5);
    }
    if (spec.kind == HealthSpec::Kind::http ? !is_path(spec.path) : check != "tcp") {
        return error("health_check {} is neither \"tcp\" nor \"http:/path\"",
                     json::quote_short(check));
    }
    if (const std::string_view text = get(metadata, "health_interval"); !text.empty()) {
        auto interval = interval_of(text);
        if (!interval) return interval.error();
        spec.interval = *interval;
    }
    return std::optional(spec);
}

bool HealthState::result(bool success) noexcept {
    against_ = success == up_ ? 0 : against_ + 1;
    if (against_ < (up_ ? fall_ : rise_)) return false;
    up_ = !up_;
    against_ = 0;
    return true;
}

struct HealthChecks::Check {
    Target target;
    HealthState state;
    TimePoint due{};
    uint64_t round = 0;  // of the probe under way; 0: none
};

HealthChecks::HealthChecks(Table& table, Probe probe, Warn warn)
    : table_(table),
      probe_(std::move(probe)),
      warn_(std::move(warn)),
      alive_(std::make_shared<char>()) {}

HealthChecks::~HealthChecks() = default;

TimePoint HealthChecks::tick(TimePoint now) {
    if (table_.snapshot() != seen_) update(table_.snapshot());
    TimePoint next = TimePoint::max();
    int started = 0;
    for (auto& [key, check] : checks_) {
        if (check->due <= now && started < kMostAtOnce) {
            ++started;
            start(*check, now);
        }
        next = std::min(next, check->due <= now ? now + kNextBatch : check->due);
    }
    return next;
}

// Only what was built anew is looked at: one change among ten thousand nodes must not cost a look at each.
void HealthChecks::update(std::shared_ptr<const Snapshot> now) {
    const Snapshot& snapshot = *now;
    const auto before = std::exchange(seen_, std::move(now));
    auto unchanged = [&](const ServiceNodes* service) {
        return before && service != nullptr && before->find(service->name) == service;
    };
    std::map<Key, std::unique_ptr<Check>> kept;
    for (auto& [key, check] : checks_) {
        if (unchanged(snapshot.find(key.first))) kept.emplace(key, std::move(check));
    }
    for (const auto& service : snapshot.services()) {
        if (unchanged(service.get())) continue;
        for (const LiveNode& node : service->callable()) add(*service, node, kept);
    }
    std::swap(checks_, kept);
    for (const auto& [key, check] : kept) {  // a node that no longer asks counts as healthy
        if (check) table_.set_healthy(key.first, key.second, true);
    }
    std::erase_if(warned_, [&](const auto& w) { return snapshot.find(w.first.first) == nullptr; });
}

void HealthChecks::add(const ServiceNodes& service, const LiveNode& node,
                       std::map<Key, std::unique_ptr<Check>>& kept) {
    auto spec = health_spec(node.node.metadata);
    if (spec && !*spec) return;
    Key key{service.name, node.node.id};
    if (!spec) {
        std::string& before = warned_[key];
        if (before != spec.error().what) {
            before = spec.error().what;
            warn_(fmt::format("node {} of {} is not checked: {}", node.node.id, service.name,
                              before));
        }
        return;
    }
    auto old = checks_.find(key);
    const bool same = old != checks_.end() && old->second && old->second->target.spec == **spec &&
                      old->second->target.address.host == node.address.host &&
                      old->second->target.address.port == node.address.port;
    if (same) {
        kept.emplace(std::move(key), std::move(old->second));
        return;
    }
    auto check = std::make_unique<Check>();
    check->target = {service.name, node.node.id, node.address, **spec};
    kept.emplace(std::move(key), std::move(check));
    table_.set_healthy(service.name, node.node.id, true);  // another address: judged anew
}

void HealthChecks::start(Check& check, TimePoint now) {
    if (check.round != 0) apply(check, false);  // no answer in a whole interval
    // Spread, so that a thousand nodes found in one scan are not probed in one instant for ever.
    const auto spread = static_cast<int64_t>((++round_ * 0x9e3779b97f4a7c15U) >> 54U);  // 0..1023
    const bool first = check.due == TimePoint{};
    const auto interval = check.target.spec.interval;
    check.due = now + (first ? interval * (512 + spread / 2) / 1024 : interval);
    check.round = round_;
    probe_(check.target, [this, alive = std::weak_ptr<void>(alive_), round = round_,
                          key = Key{check.target.service, check.target.node_id}](bool success) {
        if (!alive.expired()) finish(key, round, success);
    });
}

void HealthChecks::finish(const Key& key, uint64_t round, bool success) {
    auto found = checks_.find(key);
    if (found == checks_.end() || found->second->round != round) return;
    found->second->round = 0;
    apply(*found->second, success);
}

void HealthChecks::apply(Check& check, bool success) {
    if (!check.state.result(success)) return;
    const auto& [service, id, address, spec] = check.target;
    table_.set_healthy(service, id, check.state.up());
    warn_(fmt::format("node {} of {} at {}:{} {}", id, service, address.host, address.port,
                      check.state.up() ? "is healthy again" : "failed its health check"));
}

}  // namespace microhost::registry
