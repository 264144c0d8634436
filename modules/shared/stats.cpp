// SPDX-License-Identifier: Apache-2.0
#include "stats.hpp"

#include <time.h>

#include "json_writer.hpp"

namespace microhost::shared {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

uint64_t monotonic_ns() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

struct Sums {
    std::array<uint64_t, 600> codes{};
    std::array<uint64_t, 6> classes{};
    uint64_t total = 0;
};

void write_window(JsonWriter& w, int64_t timestamp, const Sums& sums) {
    w.begin_object().key("timestamp").integer(timestamp).key("status_codes").begin_object();
    for (size_t c = 1; c < sums.classes.size(); ++c) {
        if (sums.classes[c] == 0) continue;
        w.key(std::to_string(c) + "0x").integer(static_cast<int64_t>(sums.classes[c]));
    }
    w.end_object().key("codes").begin_object();
    for (size_t code = 0; code < sums.codes.size(); ++code) {
        if (sums.codes[code] == 0) continue;
        w.key(std::to_string(code)).integer(static_cast<int64_t>(sums.codes[code]));
    }
    w.end_object().key("total_reqs").integer(static_cast<int64_t>(sums.total)).end_object();
}

}  // namespace

void LoopStats::count(uint32_t status, uint64_t now_ns) {
    const uint64_t index = now_ns / kWindowNs;
    Window& w = windows_[index % windows_.size()];
    if (w.index.load(kRelaxed) != index) {
        for (auto& code : w.codes) code.store(0, kRelaxed);
        w.index.store(index, kRelaxed);
    }
    if (status >= kCodes) return;
    w.codes[status].store(w.codes[status].load(kRelaxed) + 1, kRelaxed);
}

uint32_t LoopStats::read(uint64_t window, uint32_t status) const {
    const Window& w = windows_[window % windows_.size()];
    return w.index.load(kRelaxed) == window ? w.codes[status].load(kRelaxed) : 0;
}

StatsBoard::StatsBoard() : started_unix_(time(nullptr)), started_ns_(monotonic_ns()) {}

StatsBoard::~StatsBoard() {
    for (const auto& cell : loops_) delete cell.load(kRelaxed);
}

LoopStats* StatsBoard::of_loop(uint32_t loop) {
    if (loop >= kMaxLoops) return nullptr;
    LoopStats* stats = loops_[loop].load(kRelaxed);
    if (!stats) {
        stats = new LoopStats;
        loops_[loop].store(stats, std::memory_order_release);
    }
    return stats;
}

std::string StatsBoard::json(uint64_t now_ns) const {
    const uint64_t newest = now_ns / kWindowNs;
    const uint64_t first = started_ns_ / kWindowNs;
    const uint64_t oldest = newest >= first + kWindows ? newest - kWindows + 1 : first;
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("started").integer(started_unix_).key("uptime");
    w.integer(now_ns > started_ns_ ? static_cast<int64_t>((now_ns - started_ns_) / 1'000'000'000)
                                   : 0);
    w.key("counters").begin_array();
    for (uint64_t window = oldest; window <= newest; ++window) {
        Sums sums;
        for (const auto& cell : loops_) {
            const LoopStats* loop = cell.load(std::memory_order_acquire);
            for (uint32_t code = 0; loop && code < sums.codes.size(); ++code) {
                const uint64_t n = loop->read(window, code);
                sums.codes[code] += n;
                sums.classes[code / 100] += n;
                sums.total += n;
            }
        }
        const auto offset =
            static_cast<int64_t>(window * kWindowNs) - static_cast<int64_t>(started_ns_);
        write_window(w, started_unix_ + offset / 1'000'000'000, sums);
    }
    w.end_array().end_object();
    return out;
}

}  // namespace microhost::shared
