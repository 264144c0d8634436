// SPDX-License-Identifier: Apache-2.0
/// The start-up card: what an operator wants to know at a glance, and lines to paste.
#pragma once

#include <string>

#include "config/config.hpp"
#include "module/module_set.hpp"
#include "registry/snapshot.hpp"
#include "serve/site_set.hpp"

namespace microhost::serve {

std::string card(const config::Config& config, const module::ModuleSet& modules,
                 const SiteSet& sites, const registry::Snapshot& known, const std::string& control);

}  // namespace microhost::serve
