// SPDX-License-Identifier: Apache-2.0
/// A node of a service as Micro's mdns knows it, and the JSON in which it is written here and there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::registry_mdns {

struct Node {
    std::string service, version, id;
    std::string ip;  ///< 4 or 16 bytes
    uint16_t port = 0;
    std::string endpoints = "null";  ///< JSON
    std::string metadata = "null";   ///< JSON

    bool operator==(const Node&) const = default;
};

/// "127.0.0.1", "::1" as bytes; empty for what is no IP address.
std::string ip_of(std::string_view text);
std::string ip_text(std::string_view ip);
bool is_loopback(std::string_view ip);
/// Nobody can connect to it: unspecified, multicast, or only within a link that is not named.
bool is_useless(std::string_view ip);
/// "ip:port", with brackets where they belong.
std::string address_text(std::string_view ip, uint16_t port);
/// "1.2.3.4:5", "[::1]:5" apart; nothing for what is not written so.
struct HostPort {
    std::string_view host;
    uint16_t port = 0;
};
std::optional<HostPort> host_port(std::string_view text);

/// Valid UTF-8, not empty, without control bytes, no longer than a DNS name.
bool is_clean_name(std::string_view text);

/// What the host gives a provider: Micro's Service with one node. The text is what is wrong with it, empty when nothing is.
std::string read_service(std::string_view json, Node& out);
/// What stands in a text record. `out` gets service, version, endpoints and metadata; false when it is not Micro's.
bool read_txt(std::string_view json, Node& out);
std::string txt_json(const Node& n);
/// The service for the host's table: nodes of one name and version, endpoints of the first.
std::string service_json(const std::vector<const Node*>& nodes);

}  // namespace microhost::registry_mdns
