// SPDX-License-Identifier: Apache-2.0
#include "observe/access_log.hpp"

#include "observe/writer.hpp"

#include <array>
#include <atomic>
#include <cassert>
#include <vector>

namespace microhost::observe {
namespace {

/// One loop's buffers, a ring: the loop fills number `filled`, the writer empties from `emptied`
/// on.
struct alignas(64) Lane {
    std::array<std::string, AccessLog::kBuffers> buffers;
    std::atomic<std::uint64_t> filled{0};               // written by the loop
    std::atomic<std::uint64_t> dropped{0};              // written by the loop
    std::uint64_t last_tick_ms = 0;                     // the loop's
    alignas(64) std::atomic<std::uint64_t> emptied{0};  // written by the writer

    std::string& current() noexcept {
        return buffers[filled.load(std::memory_order_relaxed) % AccessLog::kBuffers];
    }
    /// False when the writer still has all the others.
    bool hand_over() noexcept {
        const std::uint64_t now = filled.load(std::memory_order_relaxed);
        if (now + 1 - emptied.load(std::memory_order_acquire) >= AccessLog::kBuffers) return false;
        filled.store(now + 1, std::memory_order_release);
        return true;
    }
    void count_drop() noexcept {
        dropped.store(dropped.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
};

/// Shared with the writer's thread.
class Lanes final : public LineSource {
  public:
    explicit Lanes(std::size_t loops) : lanes(loops) {}

    void drain(std::string& batch) override {
        for (Lane& lane : lanes) {
            const std::uint64_t emptied = lane.emptied.load(std::memory_order_relaxed);
            if (emptied == lane.filled.load(std::memory_order_acquire)) continue;
            std::string& buffer = lane.buffers[emptied % AccessLog::kBuffers];
            batch += buffer;
            buffer.clear();  // keeps its room
            lane.emptied.store(emptied + 1, std::memory_order_release);
        }
    }
    bool empty() const noexcept override {
        for (const Lane& lane : lanes) {
            if (lane.emptied.load(std::memory_order_relaxed) !=
                lane.filled.load(std::memory_order_acquire)) {
                return false;
            }
        }
        return true;
    }
    // A line of prose would break every reader of the format; the failure is counted by the writer.
    void trouble(std::string_view) override {}

    std::vector<Lane> lanes;
};

}  // namespace

struct AccessLog::Internals {
    Internals(const AccessOptions& options, std::shared_ptr<Lanes> from, Sink sink)
        : format(options.format),
          exit_limit(options.exit_limit),
          lanes(std::move(from)),
          writer(std::move(sink), lanes, options.exit_limit) {}

    const AccessFormat format;
    const std::chrono::milliseconds exit_limit;
    std::shared_ptr<Lanes> lanes;
    Writer writer;
};

Result<std::unique_ptr<AccessLog>> AccessLog::open(const AccessOptions& options) {
    auto sink = options.path.empty() ? Sink::borrow(options.fd) : Sink::open_file(options.path);
    if (!sink) return sink.error();
    return std::unique_ptr<AccessLog>(new AccessLog(std::make_unique<Internals>(
        options, std::make_shared<Lanes>(options.loops), std::move(*sink))));
}

AccessLog::AccessLog(std::unique_ptr<Internals> internals) : internals_(std::move(internals)) {}

AccessLog::~AccessLog() {
    for (Lane& lane : internals_->lanes->lanes) {
        if (lane.current().empty() || lane.hand_over()) continue;
        internals_->writer.flush(
            internals_->exit_limit);  // the writer is behind: once more, then give up
        lane.hand_over();
    }
}

void AccessLog::append(std::size_t loop, const AccessRecord& record) noexcept {
    assert(loop < internals_->lanes->lanes.size());
    Lane& lane = internals_->lanes->lanes[loop];
    if (lane.current().size() >= kBufferBytes && !lane.hand_over()) return lane.count_drop();
    std::string& buffer = lane.current();
    internals_->format == AccessFormat::json ? append_json_line(buffer, record)
                                             : append_combined_line(buffer, record);
    if (buffer.size() >= kBufferBytes && lane.hand_over()) internals_->writer.wake();
}

void AccessLog::tick(std::size_t loop, std::uint64_t now_ms) noexcept {
    assert(loop < internals_->lanes->lanes.size());
    Lane& lane = internals_->lanes->lanes[loop];
    if (lane.current().empty() || now_ms - lane.last_tick_ms < 1000) return;
    lane.last_tick_ms = now_ms;
    if (lane.hand_over()) internals_->writer.wake();
}

void AccessLog::reopen() noexcept { internals_->writer.reopen(); }
bool AccessLog::flush(std::chrono::milliseconds limit) { return internals_->writer.flush(limit); }

std::uint64_t AccessLog::dropped() const noexcept {
    std::uint64_t sum = 0;
    for (const Lane& lane : internals_->lanes->lanes) {
        sum += lane.dropped.load(std::memory_order_relaxed);
    }
    return sum;
}

}  // namespace microhost::observe
