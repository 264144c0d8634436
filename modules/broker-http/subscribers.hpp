// SPDX-License-Identifier: Apache-2.0
/// Who in the registry wants the messages of a topic, and which of them get one.
#pragma once

#include <microhost/draft/registry.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::broker_http {

struct Node {
    std::string id, address;
    bool tls = false;
};

/// Those who share a queue, and get each message once between them.
struct Queue {
    std::string name;
    std::vector<Node> nodes;
};

struct Subscribers {
    std::vector<Node> all;  ///< each gets every message
    std::vector<Queue> queues;
};

/// Looks under the names of all versions of go-micro: "go.micro.http.broker" (1.18), the topic (1.13 to 1.17), and "topic:" and
/// the topic (before). A node that is there under several is one. `ours`: ids to leave out.
/// [main]
Subscribers subscribers_of(const mh_registry& registry, const mh_registry_view* view,
                           std::string_view topic,
                           const std::function<bool(std::string_view id)>& ours);

}  // namespace microhost::broker_http
