// SPDX-License-Identifier: Apache-2.0
/// Where modules listen (mh.net.stream), all of the process: the generations of a module share a socket, and the worker after
/// this one goes on with it.
#pragma once

#include <microhost/base.h>

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "loop/loop.hpp"
#include "net/listener.hpp"
#include "result.hpp"

namespace microhost::net {

class ModuleSockets {
  public:
    struct One {
        std::string module, address;  // the address as the module wrote it
        uint32_t generation;
        mh_token token;
        Loop* loop;
        Acceptor* acceptor;
    };

    static ModuleSockets& get();

    // ---- for the listeners of modules. With the mutex held: descriptors are doubled and closed under it

    std::mutex mutex;
    /// A socket that listens at the address: a double of the module's own, one of the worker before, or a new one.
    Result<int> socket(const std::string& module, const std::string& address);
    void add(One one);
    void remove(const std::string& module, const std::string& address, mh_token token);

    // ---- for who runs the worker. Thread: main

    /// Takes those of modules out of `adopted`, for when their modules ask. They are named "module/ID".
    void keep(std::vector<Adopted>& adopted);
    /// Closes those that no module has asked for: who connects there is refused then, and waits no longer.
    void forget_kept();
    /// Calls `fn` with each socket and its name, for the worker after this one.
    void each(const std::function<void(int fd, const std::string& name)>& fn);
    /// `changed` runs whenever each() would say something else, with the mutex held. Thread: any loop's.
    void watch(std::function<void()> changed);
    /// For good: another worker accepts.
    void pause();

  private:
    /// Of one module's, those of its newest generation accept; the others are there in case that one fails.
    void choose(const std::string& module, const std::string& address);

    std::vector<One> all_;
    std::vector<Adopted> kept_;
    std::function<void()> changed_;
    bool paused_ = false;
};

}  // namespace microhost::net
