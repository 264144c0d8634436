// SPDX-License-Identifier: Apache-2.0
/// mh.app and mh.app.control: a module that owns the foreground of a process that serves nothing.
#pragma once

#include <microhost/draft/app.h>

#include <functional>
#include <string>

#include "module/contribution.hpp"
#include "module/host_interface.hpp"
#include "tool/session.hpp"

namespace microhost::tool {

/// What the process in run mode tells its modules. Thread: main.
struct Foreground {
    std::function<void(int32_t)> exit;
    const mh_principal* principal = nullptr;
    std::string remote;
    std::string state_dir;  ///< modules get a folder below it
    Session* session = nullptr;

    Foreground();
    ~Foreground();
    Foreground(const Foreground&) = delete;
    Foreground& operator=(const Foreground&) = delete;
};

extern const module::Point kAppPoint;

/// What a process in run mode offers: all that a serving one does, and this.
const module::InterfaceTable& here_interfaces();
void offer_here(module::InterfaceTable& table);

}  // namespace microhost::tool
