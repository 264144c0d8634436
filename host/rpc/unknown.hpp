// SPDX-License-Identifier: Apache-2.0
/// Names that requests asked for and nobody knows, on their way to the providers that learn only when they ask.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace microhost {
class Loop;
}

namespace microhost::rpc {

/// Has the name looked up, so that the next request finds it; this one is not held up. Costs one load where no provider looks
/// anything up. At most kMostASecond names a second on each thread. Thread: any loop.
void ask_for(std::string_view name);

/// One in the process, on main, which is where it is used.
class Unknown {
  public:
    static constexpr size_t kLongestName = 256, kMostNames = 1024, kMostASecond = 100;
    static constexpr std::chrono::seconds kRemembered{5};
    using Clock = std::chrono::steady_clock;
    using Ask = std::function<void(const std::string& name)>;

    /// `ask` is called on main once for a name, and not again for kRemembered.
    Unknown(Loop& main, Ask ask);
    ~Unknown();
    Unknown(const Unknown&) = delete;
    Unknown& operator=(const Unknown&) = delete;

    /// Whether there is anybody to ask.
    void enable(bool on);
    void ask(std::string name, Clock::time_point now = Clock::now());
    /// It is there: should it go again, it is asked for again.
    void found(std::string_view name);

  private:
    Ask ask_;
    Loop& main_;
    std::map<std::string, Clock::time_point, std::less<>> until_;
};

}  // namespace microhost::rpc
