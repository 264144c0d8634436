// SPDX-License-Identifier: Apache-2.0
/// Service, Node, Endpoint and Value as Micro defines them; the words that everything else here uses.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::registry {

using Metadata = std::map<std::string, std::string, std::less<>>;

/// The value of `key`, or "" where there is none (Micro makes no difference between the two).
inline std::string_view get(const Metadata& metadata, std::string_view key) {
    auto found = metadata.find(key);
    return found == metadata.end() ? std::string_view{} : std::string_view(found->second);
}

/// One field of a request or response, with its own fields below it; `type` is a Go type name.
struct Value {
    std::string name;
    std::string type;
    std::vector<Value> values;
    bool operator==(const Value&) const = default;
};

struct Endpoint {
    std::string name;
    std::optional<Value> request;
    std::optional<Value> response;
    Metadata metadata;
    bool operator==(const Endpoint&) const = default;
};

/// What a node speaks, from its metadata "protocol"; Micro's own client decides the framing by it.
enum class Protocol : unsigned char {
    legacy,  // no "protocol": JSON-RPC or proto-RPC envelopes, as Micro's client does then
    mucp,
    grpc,
    http,
    unknown,
};

struct Node {
    std::string id;
    std::string address;  // "host:port"
    Metadata metadata;
    bool operator==(const Node&) const = default;

    [[nodiscard]] Protocol protocol() const;
    /// True for a subscriber of Micro's HTTP broker: it takes events, never calls.
    [[nodiscard]] bool is_broker() const { return metadata.contains("topic"); }
};

/// One version of a service.
struct Service {
    std::string name;
    std::string version;
    Metadata metadata;
    std::vector<Endpoint> endpoints;
    std::vector<Node> nodes;
    bool operator==(const Service&) const = default;
};

}  // namespace microhost::registry
