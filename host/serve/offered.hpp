// SPDX-License-Identifier: Apache-2.0
/// Every interface of this host, for checks that run before anything is started.
#pragma once

#include "module/host_interface.hpp"

namespace microhost::serve {

/// Adds all of them.
void offer_interfaces(module::InterfaceTable& table);
/// The same, made once. Thread: main.
const module::InterfaceTable& offered_interfaces();

}  // namespace microhost::serve
