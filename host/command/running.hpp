// SPDX-License-Identifier: Apache-2.0
/// One command that runs: on one side who puts out (main, or a worker), on the other who receives (any loop), and between them a
/// bounded queue.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "command/output.hpp"
#include "command/principal.hpp"
#include "command/values.hpp"
#include "loop/loop.hpp"

namespace microhost::module {
class Generation;
struct Environment;
struct HostSide;
}  // namespace microhost::module

namespace microhost::command {

class Running;
class Table;
using RunningPtr = std::shared_ptr<Running>;
/// A command of the host. Puts out and ends, now or later. Thread: main.
using Action = std::function<void(const RunningPtr&)>;

/// A definition and who does it: the host (action) or a module (provider).
struct Entry {
    Definition definition;
    Action action;
    const mh_command_provider* provider = nullptr;
    module::Generation* generation = nullptr;
};
using EntryPtr = std::shared_ptr<const Entry>;

/// Who receives. `sink` and `user` are used on `home`, until on_end or cancel().
struct Receiver {
    Loop& home;
    mh_command_sink sink;
    void* user = nullptr;
    module::Generation* caller = nullptr;  ///< whose code the sink is; kept alive. Null: the host's
};

class Running : public std::enable_shared_from_this<Running> {
  public:
    static constexpr size_t kWindow = 64 * 1024;
    static constexpr size_t kLargest = 1024 * 1024;  ///< one output

    /// Keeps itself until both sides are over. Thread: the receiver's home.
    static RunningPtr make(Table& table, EntryPtr entry, Values values, const mh_command_run& asked,
                           Receiver receiver);
    /// All of this table that are not over. Thread: any.
    static std::vector<RunningPtr> all(const Table& table);

    /// A handle for modules, and the token: finds nothing once it is over. Thread: any.
    uint64_t id() const { return id_; }
    static RunningPtr find(uint64_t id);

    // ---- who receives; thread: its home

    mh_status cancel();
    mh_status flow(bool go);

    // ---- who puts out; thread: main, or the worker that runs it

    const Values& values() const { return values_; }
    const mh_principal* principal() const { return principal_.get(); }
    uint32_t surface() const { return surface_; }
    uint32_t time_left_ms() const;
    void** slot() { return &slot_; }
    /// MH_E_BUSY: not taken, on_writable follows (a worker waits instead). MH_E_GONE: nobody waits.
    mh_status put(Output o);
    mh_status end(mh_status s, int32_t exit_code, std::string_view error);
    mh_status columns(std::vector<std::string> names);
    mh_status row(std::vector<Cell> cells);
    mh_status text(std::string_view text);
    mh_status json(std::string_view json);
    mh_status note(std::string_view line);
    bool right_thread() const;
    /// Of a host's command: nobody waits any more, and it is to call end(). Called once. Thread: main.
    std::function<void()> on_gone;
    /// Less than a window waits for the receiver. What the host puts out is never refused, so who puts out without end asks first.
    bool keeps_up();

    // ---- for the table; thread: main

    void start();
    /// Ends it from outside: the receiver hears `s` and `error`, the command that nobody waits.
    void stop(mh_status s, std::string_view error);
    /// It was not started and will not be.
    void refuse(std::string_view error);
    const EntryPtr& entry() const { return entry_; }
    /// Another generation's command of that name, before start().
    void rebind(EntryPtr entry, Values values) {
        entry_ = std::move(entry);
        values_ = std::move(values);
    }

  private:
    Running(Table& table, EntryPtr entry, Values values, const mh_command_run& asked,
            Receiver receiver);
    bool blocking() const { return entry_->definition.flags & MH_COMMAND_BLOCKING; }
    Loop& main() const;
    mh_command_in* handle() const { return reinterpret_cast<mh_command_in*>(id_); }
    void run_on_worker();
    void call_run();
    void tell_gone(mh_status why);
    void deliver();
    void deliver_soon();
    void let_go_of_caller();
    void wake_writer();
    void finished();
    void forget_when_over();

    Table& table_;
    EntryPtr entry_;
    Values values_;
    Principal principal_;
    Receiver receiver_;
    const uint64_t id_;
    const uint32_t surface_, timeout_ms_;
    uint64_t deadline_ns_ = 0;
    void* slot_ = nullptr;
    uint32_t n_columns_ = 0;
    std::atomic<std::thread::id> worker_{};
    bool pinned_ = false;
    RunningPtr self_;  ///< from start() to finished(): the timer and the module come back to it
    struct Deadline : Timer {
        Running* owner;
    } deadline_;

    std::mutex mutex_;
    std::condition_variable room_;
    std::deque<Output> waiting_;
    size_t bytes_ = 0;
    bool go_ = true;          ///< the receiver takes more
    bool gone_ = false;       ///< no output is taken any more
    bool ended_ = false;      ///< the command's side is over
    bool received_ = false;   ///< the receiver's side is over
    bool busy_told_ = false;  ///< on_writable is due
    bool posted_ = false;     ///< deliver() is on its way
};

}  // namespace microhost::command
