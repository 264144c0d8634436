// SPDX-License-Identifier: Apache-2.0
/// The body of a POST or DELETE to /registry: a service with its nodes, as Micro's JSON in any case ("Name", "name").
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::proxy {

/// One node of a service, with the service's own members around it: what the host announces.
struct ServiceRecord {
    std::string service, version, node;
    std::string json;
};

/// Upper bound of the nodes in one body.
inline constexpr size_t kMostNodes = 256;
/// And of what they are together: the service's own members are repeated for each.
inline constexpr size_t kMostBytes = 4u << 20;

/// False with one sentence in `why`.
bool read_service(std::string_view body, std::vector<ServiceRecord>& out, std::string& why);

/// Go's durations: "10s", "1m30s", "500ms". Nothing for other text, and for what is not above 0.
std::optional<std::chrono::milliseconds> go_duration(std::string_view text);

}  // namespace microhost::proxy
