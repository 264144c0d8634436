// SPDX-License-Identifier: Apache-2.0
/// The access log: each loop fills its own buffers, one thread writes them. Off unless somebody
/// opens one.
#pragma once

#include "observe/access_line.hpp"
#include "result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace microhost::observe {

enum class AccessFormat { combined, json };

struct AccessOptions {
    std::string path;  // empty: `fd`
    int fd = 1;        // borrowed
    AccessFormat format = AccessFormat::combined;
    std::size_t loops = 1;
    std::chrono::milliseconds exit_limit{2000};
};

class AccessLog {
  public:
    /// A buffer goes to the writer when it has this many bytes.
    static constexpr std::size_t kBufferBytes = 64 * 1024;
    /// Per loop. When the writer has all but one of them, records are dropped and counted.
    static constexpr std::size_t kBuffers = 4;

    /// Error: the file cannot be opened.
    static Result<std::unique_ptr<AccessLog>> open(const AccessOptions& options);
    /// The loops have ended. Writes what is left, within `exit_limit`.
    ~AccessLog();
    AccessLog(const AccessLog&) = delete;
    AccessLog& operator=(const AccessLog&) = delete;

    /// [loop] Formats the record into the loop's buffer. No lock; no allocation once the buffers
    /// have grown.
    void append(std::size_t loop, const AccessRecord& record) noexcept;
    /// [loop] Hands over what the buffer holds, at most once a second. `now_ms`: any monotonic
    /// clock.
    void tick(std::size_t loop, std::uint64_t now_ms) noexcept;

    /// [any] Opens the file again before the next write.
    void reopen() noexcept;
    /// [any, not a loop] Waits until all that was handed over is written; false after `limit`.
    bool flush(std::chrono::milliseconds limit);
    /// [any] Records dropped because the writer was behind.
    std::uint64_t dropped() const noexcept;

  private:
    struct Internals;
    explicit AccessLog(std::unique_ptr<Internals> internals);

    std::unique_ptr<Internals> internals_;
};

}  // namespace microhost::observe
