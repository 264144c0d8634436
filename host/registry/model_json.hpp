// SPDX-License-Identifier: Apache-2.0
/// Services as the JSON that Micro's registries carry.
#pragma once

#include "json/value.hpp"
#include "json/writer.hpp"
#include "registry/model.hpp"
#include "result.hpp"

namespace microhost::registry {

/// Reads Micro's Service JSON. null and absent are empty; unknown members are ignored; the numeric
/// "port" that nodes of Micro <= 1.7 have is joined to the address.
/// Errors: a member of the wrong type; no name; a node without id; an address that is not host:port
/// (an empty one is: an in-process node); control bytes in a name, because names travel in headers.
/// They begin with the place, as in "nodes[0].address: ...". The bytes are untrusted.
Result<Service> service_from_json(json::Value value);
/// An address may be "unix:/path" too: for files of this machine.
Result<Service> local_service_from_json(json::Value value);

/// Writes Micro's Service JSON, keys in Micro's order; what is empty becomes null.
void write_json(json::Writer& out, const Service& service);
void write_json(json::Writer& out, const Endpoint& endpoint);
void write_json(json::Writer& out, const Value& value);
void write_json(json::Writer& out, const Node& node);
void write_json(json::Writer& out, const Metadata& metadata);

/// Writes the members of a service without the object around them.
void write_members(json::Writer& out, const Service& service);

}  // namespace microhost::registry
