// SPDX-License-Identifier: Apache-2.0
/// What is said when the process crashes: one line with the signal and whose code it was, before the system's default action.
#pragma once

#include "loop/activity.hpp"

namespace microhost::supervise {

/// From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write the line to stderr, then do what they always do: a core dump
/// shows the faulting instruction. `channel` (or -1) gets a record for the supervisor. Does nothing under a sanitizer, which has
/// a report of its own. Thread: main, once.
void install_crash_line(int channel);

/// A stack for the handler, so that a thread whose own stack is used up can tell it. Thread: the one it is for.
class CrashStack {
  public:
    CrashStack();
    ~CrashStack();
    CrashStack(const CrashStack&) = delete;

  private:
    void* memory_ = nullptr;
};

/// Where the code of a module lies, for crashes of threads that the host knows nothing about. Thread: any.
class MappedCode {
  public:
    /// `inside`: any address of the module.
    MappedCode(const ModuleMark& module, const void* inside);
    ~MappedCode();
    MappedCode(const MappedCode&) = delete;

  private:
    int slot_ = -1;
};

}  // namespace microhost::supervise
