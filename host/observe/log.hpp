// SPDX-License-Identifier: Apache-2.0
/// The structured log: a line costs its caller a few copies and never a wait.
#pragma once

#include "observe/record.hpp"
#include "observe/tail.hpp"
#include "result.hpp"

#include <atomic>
#include <chrono>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::log {

enum class Format { automatic, text, json };  // automatic: text on a terminal, JSON lines else

struct Options {
    std::string levels = "info";  // as Log::set_levels
    Format format = Format::automatic;
    std::string path;  // empty: `fd`
    int fd = 2;        // borrowed
    std::size_t ring_bytes = 1 << 20;
    std::size_t tail_records = 1000;
    std::chrono::milliseconds exit_limit{
        2000};  // how long ~Log may wait for the rest to be written
};

class Log;

/// Who speaks: a folder of the host ("host/http") or a module id. Copied freely; lives as long as
/// the Log.
class Domain {
  public:
    /// [any] One relaxed load; write no line for less.
    bool enabled(Level level) const noexcept {
        return static_cast<std::uint32_t>(level) >= cell_->level.load(std::memory_order_relaxed);
    }
    /// [any] Never blocks, never allocates; dropped and counted when the ring is full. Everything
    /// is copied.
    void write(Level level, std::string_view message, std::span<const Field> fields) const noexcept;

    using Fields = std::initializer_list<Field>;
    void debug(std::string_view m, Fields f = {}) const noexcept { put(Level::debug, m, f); }
    void info(std::string_view m, Fields f = {}) const noexcept { put(Level::info, m, f); }
    void warn(std::string_view m, Fields f = {}) const noexcept { put(Level::warn, m, f); }
    void error(std::string_view m, Fields f = {}) const noexcept { put(Level::error, m, f); }

    /// The lowest level that is written, as a word that the C ABI may show to a module.
    const std::atomic<std::uint32_t>& level_word() const noexcept { return cell_->level; }
    std::string_view name() const noexcept { return cell_->name; }

  private:
    friend class Log;
    struct Cell {
        Cell(Log& l, std::string_view n, Level from)
            : log(l), name(n), level(static_cast<std::uint32_t>(from)) {}
        Log& log;
        std::string name;
        std::atomic<std::uint32_t> level;
    };
    explicit Domain(const Cell& cell) : cell_(&cell) {}
    void put(Level level, std::string_view message, Fields fields) const noexcept {
        if (enabled(level)) write(level, message, {fields.begin(), fields.size()});
    }

    const Cell* cell_;
};

/// One per process, made first and destroyed last, passed by reference.
class Log {
  public:
    using milliseconds = std::chrono::milliseconds;

    /// Errors: the file cannot be opened, the levels cannot be read.
    static Result<std::unique_ptr<Log>> open(const Options& options);
    /// Waits at most `exit_limit` for what was logged to be written.
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    /// [any] The domain of that name, made at first use. Takes a mutex: keep the handle.
    Domain domain(std::string_view name);

    /// [any] "info", or "info,host/http=debug,my-module=warn": a name holds for itself and what is
    /// below it ("host"). On an error nothing changes.
    Result<void> set_levels(std::string_view levels);

    /// [any] Waits until all that was logged before is written; false after `limit`. Not from a
    /// loop.
    bool flush(milliseconds limit);
    /// [any] After log rotation: opens the file again before the next line. A failure is a line in
    /// the old file.
    void reopen() noexcept;

    /// [any] At most the last `n` written records after that sequence number, oldest first. Not
    /// from a loop.
    std::vector<Entry> recent(std::size_t n, std::uint64_t after = 0) const;
    /// [any] The same as they were written; `look` is called with a mutex held that the writer's thread waits for. Not from a
    /// loop of requests.
    void each(std::uint64_t after, const Tail::Look& look) const;
    /// [any] The number of the last written record, or 0.
    std::uint64_t newest() const;
    /// [any] Records dropped because the ring was full.
    std::uint64_t dropped() const noexcept;
    /// [any] Batches that the file or pipe did not take whole.
    std::uint64_t write_failures() const noexcept;

  private:
    friend class Domain;
    struct Internals;
    explicit Log(std::unique_ptr<Internals> internals);
    void write(const Record& record) noexcept;

    std::unique_ptr<Internals> internals_;
};

/// While it lives, what this thread writes is marked as an echo: it is kept as any line, but nobody who follows the log is
/// told, so that whoever logs what it is told cannot make lines without end.
class Echo {
  public:
    Echo() noexcept;
    ~Echo();
    Echo(const Echo&) = delete;
    Echo& operator=(const Echo&) = delete;
};

/// "debug", "info", "warn" ("warning"), "error".
Result<Level> parse_level(std::string_view name);

}  // namespace microhost::log
