// SPDX-License-Identifier: Apache-2.0
/// Lines from standard input, read on a thread of their own: reading blocks, and [main] must not.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace microhost::cli {

/// Runs f on [main], or never when the process stops first. Thread: any.
void on_main(std::function<void()> f);

/// Standard input, a byte at a time: what follows a line may be for the command that the line runs.
class Input {
  public:
    Input();
    ~Input();
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    enum class Got : uint8_t { byte, end, woken };
    /// Blocks. Thread: the reader's.
    Got next(char& c);

    /// Whoever reads is woken, and finds this. Thread: any.
    void interrupt() { interrupted_ = true, wake(); }
    void stop() { stopping_ = true, wake(); }
    bool stopping() const { return stopping_; }
    bool take_interrupt() { return interrupted_.exchange(false); }

  private:
    void wake();
    int wake_;
    std::atomic<bool> interrupted_{false}, stopping_{false};
};

/// What the reading of a line came to.
struct Typed {
    enum class What : uint8_t { line, end, interrupted, refused, broken };
    What what = What::end;
    std::string text;  ///< the line without its end; why it is refused; why nothing can be read
};

/// Made, used and destroyed on the reader's thread.
class LineSource {
  public:
    virtual ~LineSource() = default;
    virtual Typed read() = 0;
};
/// Input that is no terminal.
std::unique_ptr<LineSource> plain_lines(Input& in);

/// Thread: main.
class Reader {
  public:
    using Make = std::function<std::unique_ptr<LineSource>(Input&)>;
    Reader(Make make, std::function<void(Typed)> on_line);
    /// Joins the thread.
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    /// Reads one line more; on_line comes once.
    void next();
    void interrupt() { in_.interrupt(); }

  private:
    void run(const Make& make);
    void tell(Typed typed);
    bool wait_for_demand();

    Input in_;
    std::shared_ptr<std::function<void(Typed)>> on_line_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool wanted_ = false;
    std::thread thread_;
};

}  // namespace microhost::cli
