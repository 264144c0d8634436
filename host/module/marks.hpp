// SPDX-License-Identifier: Apache-2.0
/// The marks of one generation: its name for crash lines and the watchdog, and one for each hook.
#pragma once

#include <cstring>
#include <deque>
#include <mutex>

#include "loop/activity.hpp"

namespace microhost::module {

class Marks {
  public:
    ModuleMark module;

    /// `hook`: a literal. The answer lives as long as this. Thread: any; not for the path of a request.
    const HookMark* of(const char* hook) {
        std::scoped_lock lock(mutex_);
        for (const HookMark& h : hooks_)
            if (std::strcmp(h.name, hook) == 0) return &h;
        return &hooks_.emplace_back(HookMark{&module, hook});
    }

  private:
    std::mutex mutex_;
    std::deque<HookMark> hooks_;
};

}  // namespace microhost::module
