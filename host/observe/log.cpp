// SPDX-License-Identifier: Apache-2.0
#include "observe/log.hpp"

#include "observe/byte_ring.hpp"
#include "observe/line.hpp"
#include "observe/log_levels.hpp"
#include "observe/timestamp.hpp"
#include "observe/writer.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <mutex>

namespace microhost::log {
namespace {

constexpr std::size_t kBatch = 64 * 1024;

thread_local bool echoes = false;

/// The ring, and what the writer's thread does with what comes out of it.
class Lines final : public observe::LineSource {
  public:
    Lines(const Options& options, bool text, bool colour)
        : ring(std::max(options.ring_bytes, 4 * kMaxRecord)),
          tail(options.tail_records),
          text_(text),
          colour_(colour) {}

    void drain(std::string& batch) override {
        while (batch.size() < kBatch) {
            const auto encoded = ring.front();
            if (encoded.empty()) break;
            append(batch, encoded);
            ring.pop();
        }
        report_dropped(batch);
        for (; !notes_.empty(); notes_.pop_back()) append_own(batch, notes_.back());
    }

    bool empty() const noexcept override {
        return ring.empty() && dropped.load(std::memory_order_relaxed) == reported_ &&
               notes_.empty();
    }

    void trouble(std::string_view what) override { notes_.emplace_back(what); }

    observe::ByteRing ring;
    Tail tail;
    std::atomic<std::uint64_t> dropped{0};

  private:
    void append(std::string& batch, std::span<const std::byte> encoded) {
        const Record record = decode(encoded, fields_);
        text_ ? append_text_line(batch, record, colour_) : append_json_line(batch, record);
        tail.add(encoded);
    }

    void append_own(std::string& batch, std::string_view message) {
        const Record record{
            observe::wall_now_us(), Level::warn, false, "host/log", message, {}, false};
        std::vector<std::byte> encoded(encoded_size(record));
        encode(record, encoded.data());
        append(batch, encoded);
    }

    void report_dropped(std::string& batch) {
        const std::uint64_t now = dropped.load(std::memory_order_relaxed);
        if (now == reported_) return;
        append_own(batch, fmt::format("{} log lines dropped", now - reported_));
        reported_ = now;
    }

    // Everything below belongs to the writer's thread.
    const bool text_, colour_;
    std::uint64_t reported_ = 0;
    std::vector<std::string> notes_;
    std::array<Field, kMaxFields> fields_;
};

}  // namespace

struct Log::Internals {
    Internals(Levels wanted, std::shared_ptr<Lines> from, observe::Sink sink, milliseconds limit)
        : levels(std::move(wanted)),
          lines(std::move(from)),
          writer(std::move(sink), lines, limit) {}

    std::mutex mutex;  // domains and levels
    std::deque<Domain::Cell> cells;
    Levels levels;
    std::shared_ptr<Lines> lines;
    observe::Writer writer;
};

void Domain::write(Level level, std::string_view message,
                   std::span<const Field> fields) const noexcept {
    cell_->log.write({observe::wall_now_us(), level, false, cell_->name, message, fields, echoes});
}

Echo::Echo() noexcept { echoes = true; }
Echo::~Echo() { echoes = false; }

Result<std::unique_ptr<Log>> Log::open(const Options& options) {
    auto levels = Levels::parse(options.levels);
    if (!levels) return levels.error();
    auto sink = options.path.empty() ? observe::Sink::borrow(options.fd)
                                     : observe::Sink::open_file(options.path);
    if (!sink) return sink.error();
    const bool terminal = sink->terminal();
    const bool text =
        options.format == Format::text || (options.format == Format::automatic && terminal);
    const char* no_colour = std::getenv("NO_COLOR");  // no-color.org: any value but the empty one
    const bool colour = terminal && (no_colour == nullptr || *no_colour == '\0');
    auto lines = std::make_shared<Lines>(options, text, colour);
    return std::unique_ptr<Log>(new Log(std::make_unique<Internals>(
        std::move(*levels), std::move(lines), std::move(*sink), options.exit_limit)));
}

Log::Log(std::unique_ptr<Internals> internals) : internals_(std::move(internals)) {}
Log::~Log() = default;

Domain Log::domain(std::string_view name) {
    const std::lock_guard lock(internals_->mutex);
    auto& cells = internals_->cells;
    const auto same = [&](const Domain::Cell& cell) { return cell.name == name; };
    if (auto found = std::find_if(cells.begin(), cells.end(), same); found != cells.end()) {
        return Domain(*found);
    }
    return Domain(cells.emplace_back(*this, name, internals_->levels.of(name)));
}

Result<void> Log::set_levels(std::string_view text) {
    auto levels = Levels::parse(text);
    if (!levels) return levels.error();
    const std::lock_guard lock(internals_->mutex);
    internals_->levels = std::move(*levels);
    for (Domain::Cell& cell : internals_->cells) {
        cell.level.store(static_cast<std::uint32_t>(internals_->levels.of(cell.name)),
                         std::memory_order_relaxed);
    }
    return {};
}

void Log::write(const Record& record) noexcept {
    Lines& lines = *internals_->lines;
    const std::uint32_t size = encoded_size(record);
    if (std::byte* room = lines.ring.reserve(size)) {
        encode(record, room);
        lines.ring.commit(room);
    } else {
        lines.dropped.fetch_add(1, std::memory_order_relaxed);
    }
    internals_->writer.wake();
}

bool Log::flush(milliseconds limit) { return internals_->writer.flush(limit); }
void Log::reopen() noexcept { internals_->writer.reopen(); }

std::vector<Entry> Log::recent(std::size_t n, std::uint64_t after) const {
    return internals_->lines->tail.recent(n, after);
}
void Log::each(std::uint64_t after, const Tail::Look& look) const {
    internals_->lines->tail.each(after, look);
}
std::uint64_t Log::newest() const { return internals_->lines->tail.newest(); }
std::uint64_t Log::dropped() const noexcept {
    return internals_->lines->dropped.load(std::memory_order_relaxed);
}
std::uint64_t Log::write_failures() const noexcept { return internals_->writer.failures(); }

}  // namespace microhost::log
