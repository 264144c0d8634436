// SPDX-License-Identifier: Apache-2.0
/// What the host's own commands share that look at the running process: their arguments, and a life of more than one turn.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "command/running.hpp"
#include "loop/loop.hpp"

namespace microhost::control {

command::Definition define(const char* name, const char* summary, const char* role);
command::Argument flag(const char* name, const char* summary, int32_t type = MH_TYPE_TEXT,
                       const char* value = nullptr);
command::Argument place(const char* name, const char* summary, uint32_t flags = 0);
/// --output: the command itself puts out what was asked for.
command::Argument output(const char* summary);

/// A command that goes on until finish(), or until nobody waits any more. Thread: main.
class Ongoing : public std::enable_shared_from_this<Ongoing> {
  public:
    virtual ~Ongoing() = default;
    Ongoing(const Ongoing&) = delete;
    Ongoing& operator=(const Ongoing&) = delete;

    /// Keeps itself from now on.
    void begin();

  protected:
    Ongoing(command::RunningPtr run, Loop& main);
    virtual void start() = 0;
    virtual void on_tick() {}
    virtual void on_over() {}

    command::Running& run() { return *run_; }
    Loop& main() { return main_; }
    void tick_after(uint64_t ms) { main_.arm(timer_, ms); }
    /// The last that happens to it.
    void finish(mh_status s = MH_OK, int32_t exit_code = 0, std::string_view error = {});

  private:
    command::RunningPtr run_;
    Loop& main_;
    struct Tick : Timer {
        Ongoing* owner;
    } timer_;
};

}  // namespace microhost::control
