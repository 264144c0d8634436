// SPDX-License-Identifier: Apache-2.0
/// The content of one file of the registry folder: a service with one node, and how long it lives.
#pragma once

#include "registry/model.hpp"
#include "result.hpp"

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>

namespace microhost::registry {

struct NodeFile {
    Service service;  // exactly one node
    std::chrono::seconds ttl{60};
    pid_t owner_pid = 0;  // 0: none, the TTL alone decides
};

/// Reads {"format": 1, "name": ..., "nodes": [one], "ttl_s": ..., "owner_pid": ...}; members that it
/// does not know are ignored. `node_id` is what the file name says.
/// Errors begin with the line where one is known, "3:14: ..." or "3: ...", and say what to write.
Result<NodeFile> parse_node_file(std::string_view text, std::string_view node_id);

std::string format_node_file(const NodeFile& file);

}  // namespace microhost::registry
