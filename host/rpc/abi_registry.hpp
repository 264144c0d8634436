// SPDX-License-Identifier: Apache-2.0
/// mh.registry/1 as modules see it: views of the table's snapshots, watches, nodes that modules announce.
#pragma once

#include <microhost/draft/registry.h>
#include <microhost/draft/rpc_service.h>

#include <string_view>

#include "registry/model.hpp"
#include "result.hpp"

namespace microhost::registry {
class Publisher;
class Table;
}  // namespace microhost::registry

namespace microhost::rpc {

extern const mh_registry kRegistryTable;

/// Makes the table build what views show, and lets the calling thread, which becomes the [main] of views, read it. Before the
/// table's first feed opens. `publisher`: who announces what modules enlist; null: enlist answers MH_E_UNSUPPORTED.
void decorate(registry::Table& table, registry::Publisher* publisher = nullptr);

/// A service of this process as the registry's model, without nodes. `version`: used when the descriptor gives none. Errors
/// name the service, the endpoint and what is wrong with its JSON.
Result<registry::Service> describe(const mh_rpc_service& service, std::string_view version);

}  // namespace microhost::rpc
