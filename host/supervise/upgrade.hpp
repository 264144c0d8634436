// SPDX-License-Identifier: Apache-2.0
/// `microhost upgrade [--instance NAME] [--release MODULE]`.
#pragma once

#include "config/scan.hpp"
#include "config/surroundings.hpp"

namespace microhost::supervise {

/// The supervisor starts a worker from the file on disk, having let a module out of quarantine; what became of it is one
/// line. The exit status: 0 when the new one serves, 1 when the old one goes on, 2 when it was asked wrongly.
int upgrade(const config::Scan& scan, const config::Surroundings& surroundings);

}  // namespace microhost::supervise
