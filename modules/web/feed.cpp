// SPDX-License-Identifier: Apache-2.0
#include "feed.hpp"

#include <microhost/draft/kv.h>
#include <microhost/draft/timer.h>
#include <microhost/host.hpp>

#include <charconv>

#include "../shared/json_writer.hpp"
#include "../shared/random_uuid.hpp"
#include "../shared/text.hpp"
#include "log_lines.hpp"
#include "streams.hpp"

namespace microhost::web {
namespace {

constexpr uint32_t kTickMs = 200;
constexpr uint32_t kModulesEveryTicks = 10;  // their counters; who is there is told at once
constexpr size_t kMostLines = 256 * 1024;    // bytes of log lines in a tick

/// The same for every generation of the module in this process.
std::string boot_of_process() {
    const mh_kv_store& kv = mh::use<mh_kv_store>();
    const std::string fresh = shared::random_uuid();
    const mh_str key = mh::lend("boot");
    if (kv.cas(mh::the_host, key, 0, mh::bytes(fresh), 0) == MH_OK) return fresh;
    char known[64];
    size_t n = 0;
    if (kv.get(mh::the_host, key, known, sizeof known, &n, nullptr) != MH_OK) return fresh;
    return {known, std::min(n, sizeof known)};
}

}  // namespace

uint32_t topics_of(std::string_view list) {
    uint32_t out = 0;
    bool fault = false;
    shared::for_each_item(list, ',', [&](std::string_view name) {
        if (name == "services")
            out |= kServices;
        else if (name == "traffic")
            out |= kTraffic;
        else if (name == "modules")
            out |= kModules;
        else if (name == "logs")
            out |= kLogs;
        else
            fault = true;
    });
    return fault ? 0 : out;
}

uint64_t log_cursor(std::string_view id, std::string_view boot) {
    uint64_t out = 0;
    if (boot.empty() || !id.starts_with(boot)) return 0;
    id.remove_prefix(boot.size());
    if (!id.starts_with('/')) return 0;
    std::from_chars(id.data() + 1, id.data() + id.size(), out);
    return out;
}

Feed::Feed() : boot_(boot_of_process()) {
    mh::use<mh_kv_store>().incr(mh::the_host, mh::lend("generation"), 1, 0, &generation_);
}

Feed::~Feed() { end(); }

std::string Feed::event(std::string_view name, std::string_view data) const {
    std::string out = "id: " + boot_ + "/" + std::to_string(log_told_) + "\nevent: ";
    return out.append(name).append("\ndata: ").append(data).append("\n\n");
}

void Feed::tell(Topic topic, std::string_view name, const std::string& data) {
    tell_streams(topic, std::make_shared<const std::string>(event(name, data)));
}

std::string Feed::join(uint64_t stream, uint32_t topics, uint64_t log_after) {
    if (streams_.empty()) begin();
    streams_.insert(stream);
    std::string out = event(
        "hello", R"({"boot":")" + boot_ + R"(","generation":)" + std::to_string(generation_) + "}");
    if (topics & kLogs) {
        LogQuery missed;
        missed.after = log_after;
        missed.most = 1000;
        if (log_after && log_after < log_told_)
            out += event("logs", R"({"lost":0,)" + logs_json(missed).substr(1));
    }
    if (topics & kServices)
        out += event("services", R"({"full":true,"revision":)" + std::to_string(revision_) +
                                     R"(,"services":)" + joined(services_) + "}");
    if (topics & kModules) out += event("modules", modules_json(false));
    return out;
}

void Feed::leave(uint64_t stream) {
    streams_.erase(stream);
    if (streams_.empty()) end();
}

void Feed::begin() {
    const mh_host* host = mh::the_host;
    first_ = true;
    mh::use<mh_registry>().watch(host, on_registry, this, &registry_);
    // Where the log is now; what follow() brings comes after it.
    log_told_ = log_seen_ = newest_log_line();
    mh::use<mh_log_read>().follow(host, nullptr, on_line, this, &log_);
    mh::use<mh_metrics_read>().watch(host, on_traffic, this, &metrics_);
    signature_ = modules_signature();
    timer_ = mh::use<mh_timer>().start(host, kTickMs, kTickMs, on_tick, this);
}

void Feed::end() {
    if (registry_) mh::use<mh_registry>().unwatch(std::exchange(registry_, 0));
    if (log_) mh::use<mh_log_read>().unfollow(std::exchange(log_, 0));
    if (metrics_) mh::use<mh_metrics_read>().unwatch(std::exchange(metrics_, 0));
    if (timer_) mh::use<mh_timer>().cancel(std::exchange(timer_, 0));
    services_.clear();
    lines_.clear();
}

void Feed::on_registry(void* user, const mh_registry_view* now) {
    auto& self = *static_cast<Feed*>(user);
    mh::guarded("registry.watch", [&] {
        ServiceRows rows = service_rows(now);
        self.revision_ = mh::use<mh_registry>().revision(now);
        const ServiceRows before = std::exchange(self.services_, std::move(rows));
        if (std::exchange(self.first_, false)) return mh_status{MH_OK};
        ServiceRows set;
        std::string gone;
        for (const auto& [name, json] : self.services_) {
            const auto was = before.find(name);
            if (was == before.end() || was->second != json) set.emplace(name, json);
        }
        for (const auto& [name, json] : before) {
            if (self.services_.contains(name)) continue;
            if (!gone.empty()) gone += ',';
            shared::append_json_string(gone, name);
        }
        if (set.empty() && gone.empty()) return mh_status{MH_OK};
        self.tell(kServices, "services",
                  R"({"revision":)" + std::to_string(self.revision_) + R"(,"set":)" + joined(set) +
                      R"(,"gone":[)" + gone + "]}");
        return mh_status{MH_OK};
    });
}

void Feed::on_line(void* user, const mh_log_record* r) {
    auto& self = *static_cast<Feed*>(user);
    mh::guarded("log.follow", [&] {
        self.log_lost_ += r->seq - self.log_seen_ - 1;
        self.log_seen_ = r->seq;
        if (self.lines_.size() > kMostLines) return ++self.log_lost_, MH_OK;
        if (!self.lines_.empty()) self.lines_ += ',';
        self.lines_ += log_json(*r);
        return MH_OK;
    });
}

void Feed::on_traffic(void* user) {
    auto& self = *static_cast<Feed*>(user);
    mh::guarded("metrics.watch", [&] {
        std::string rows;
        const auto add = [](void* to, const mh_traffic* t) {
            mh::guarded("traffic", [&] {
                auto& out = *static_cast<std::string*>(to);
                if (!out.empty()) out += ',';
                out += traffic_row_json(*t);
                return MH_OK;
            });
        };
        int64_t end = 0;
        mh::use<mh_metrics_read>().traffic(mh::the_host, MH_RING_SECONDS, 1, &end, add, &rows);
        self.tell(kTraffic, "traffic",
                  R"({"end_ms":)" + std::to_string(end) + R"(,"rows":[)" + rows + "]}");
        return MH_OK;
    });
}

void Feed::tick() {
    if (!lines_.empty()) {
        log_told_ = log_seen_;
        tell(kLogs, "logs",
             R"({"lost":)" + std::to_string(std::exchange(log_lost_, 0)) + R"(,"lines":[)" +
                 lines_ + "]}");
        lines_.clear();
    }
    std::string signature = modules_signature();
    if (++ticks_ % kModulesEveryTicks && signature == signature_) return;
    signature_ = std::move(signature);
    tell(kModules, "modules", modules_json(false));
}

void Feed::on_tick(void* arg) {
    mh::guarded("timer", [&] { return static_cast<Feed*>(arg)->tick(), MH_OK; });
}

}  // namespace microhost::web
