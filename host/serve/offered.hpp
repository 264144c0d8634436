// SPDX-License-Identifier: Apache-2.0
/// Every interface of this host, for checks that run before anything is started.
#pragma once

#include "module/contribution.hpp"
#include "module/host_interface.hpp"

namespace microhost::serve {

/// Adds all of them.
void offer_interfaces(module::InterfaceTable& table);
/// And the points at which modules contribute that module/ does not know by itself.
void add_points(module::Points& points);
/// The interfaces, made once. Thread: main.
const module::InterfaceTable& offered_interfaces();

}  // namespace microhost::serve
