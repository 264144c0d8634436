// SPDX-License-Identifier: Apache-2.0
/// From a node of the registry to the connections that reach it.
#pragma once

#include <string_view>

#include "http/upstream.hpp"
#include "net/address.hpp"
#include "registry/snapshot.hpp"

namespace microhost::rpc {

class Engine;

/// False for a host name, which has to be resolved first.
bool address_of(const registry::LiveNode& node, net::Address& out);
/// Whether its metadata says that it speaks TLS.
bool wants_tls(const registry::LiveNode& node);
/// Why this process cannot call the node at all; null: it can.
const char* refusal_of(const Engine& e, const registry::LiveNode& node);
/// For a node without a refusal, which is then known to the engine; null: its address is a name.
http::Upstream* upstream_of(Engine& e, const registry::LiveNode& node);
/// The connections to the address of "name:port" that is to be tried first; null while none is known. `tls` may be null.
http::Upstream* named_upstream(Engine& e, std::string_view place, const net::TlsClientContext* tls);

}  // namespace microhost::rpc
