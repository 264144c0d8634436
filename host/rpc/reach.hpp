// SPDX-License-Identifier: Apache-2.0
/// From a node of the registry to the connections that reach it.
#pragma once

#include "http/upstream.hpp"
#include "net/address.hpp"
#include "registry/snapshot.hpp"

namespace microhost::rpc {

class Engine;

/// False for a host name, which somebody would have to resolve first.
bool address_of(const registry::LiveNode& node, net::Address& out);
/// Whether its metadata says that it speaks TLS.
bool wants_tls(const registry::LiveNode& node);
/// Null, and why, when this process cannot reach it.
http::Upstream* upstream_of(Engine& e, const registry::LiveNode& node, const char** why);

}  // namespace microhost::rpc
