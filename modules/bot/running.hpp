// SPDX-License-Identifier: Apache-2.0
/// What runs, and what waits for its turn. What one person asks for is answered in its order; who is slow holds up nobody else, and
/// after a while not even the same person.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "audit.hpp"
#include "output.hpp"

namespace microhost::bot {

struct Result {
    Verdict verdict = Verdict::ok;
    std::string error;  ///< of what failed: one line
};

/// A command on its way. Destroying it ends it without a further call.
class Work {
  public:
    using Done = std::function<void(Result)>;
    virtual ~Work() = default;
    /// Calls done once, perhaps at once; it may destroy this.
    virtual void begin(Done done) = 0;
    Output output;
};

struct Task {
    std::string owner;  ///< Person::key
    std::unique_ptr<Work> work;
    std::function<void(uint64_t id)> on_slow;  ///< once, when it has taken a while
    std::function<void(Result, const Output&, uint64_t took_ms)> on_done;  ///< exactly once
    std::function<void()> on_drop;  ///< instead: it has not begun, and will not
    std::string text;               ///< what was asked for, for a list
};

class Running {
  public:
    using ms = std::chrono::milliseconds;
    struct Limits {
        ms progress_after{3000}, timeout{30'000};
        size_t per_user = 4;  ///< at once, slow ones included
        size_t at_once = 64;  ///< of all
        size_t waiting = 32;  ///< of a user
        size_t waiting_all = 4096;
    };
    /// `now_ms`: a clock that does not jump.
    Running(Limits limits, std::function<uint64_t()> now_ms);
    ~Running();
    Running(const Running&) = delete;

    /// False: too much of it waits already; nothing of the task was called.
    bool submit(Task t);
    /// Looks at the clock; to be called every 100 ms or so while busy().
    void tick();
    bool busy() const { return !jobs_.empty(); }
    size_t waiting() const { return waiting_; }
    size_t running() const { return jobs_.size(); }

    enum class Cancelled : uint8_t { yes, unknown, not_yours };
    /// Ends it, which is told to on_done. `anybodys`: it need not be of this owner.
    Cancelled cancel(uint64_t id, std::string_view owner, bool anybodys);
    struct Shown {
        uint64_t id, age_ms;
        std::string text;
    };
    /// Those of an owner, oldest first; of everybody for an empty one.
    std::vector<Shown> list(std::string_view owner) const;

    /// Ends all that runs with this verdict and drops all that waits. Nothing is begun any more.
    void stop(Verdict v, const std::string& why);

  private:
    struct Job {
        Task task;
        uint64_t began_ms;
        bool slow = false;
    };
    struct Queue {
        std::deque<Task> waiting;
        uint64_t front = 0;  ///< the job whose answer the next one waits for
        size_t running = 0;
    };
    void pump();
    void begin(const std::string& owner);
    void finish(uint64_t id, Result r);

    const Limits limits_;
    const std::function<uint64_t()> now_;
    std::map<uint64_t, std::unique_ptr<Job>> jobs_;
    std::map<std::string, Queue, std::less<>> queues_;
    std::deque<std::string> ready_;  ///< owners who may have their turn
    size_t waiting_ = 0;
    uint64_t last_ = 0;
    bool stopped_ = false, pumping_ = false;
};

}  // namespace microhost::bot
