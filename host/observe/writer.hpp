// SPDX-License-Identifier: Apache-2.0
/// The thread that writes what loops have left for it, so that no loop ever waits for a disk or a
/// pipe.
#pragma once

#include "observe/sink.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace microhost::observe {

/// Where a Writer gets its lines. Called on the writer's thread only.
class LineSource {
  public:
    virtual ~LineSource() = default;
    /// Appends waiting lines until `batch` is about 64 KiB; leaves it empty when there are none.
    virtual void drain(std::string& batch) = 0;
    /// False as long as `drain` would append something.
    virtual bool empty() const noexcept = 0;
    /// Lines were lost because the file took none, or a rotated file could not be opened. May
    /// become a line.
    virtual void trouble(std::string_view what) = 0;
};

class Writer {
  public:
    using milliseconds = std::chrono::milliseconds;

    /// Starts the thread. `exit_limit` bounds what the destructor waits for the rest to be written.
    Writer(Sink sink, std::shared_ptr<LineSource> source, milliseconds exit_limit);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// [any] The source has lines. A system call only when the thread sleeps; never blocks.
    void wake() noexcept;
    /// [any] Waits until all that was left before this call is written; false after `limit`.
    bool flush(milliseconds limit);
    /// [any] The file is opened again before the next line is written.
    void reopen() noexcept;
    /// [any] Batches of which a part could not be written.
    std::uint64_t failures() const noexcept;

  private:
    struct State;
    static void run(const std::shared_ptr<State>& state);

    std::shared_ptr<State> state_;
    std::thread thread_;
};

}  // namespace microhost::observe
