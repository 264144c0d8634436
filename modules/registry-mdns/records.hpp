// SPDX-License-Identifier: Apache-2.0
/// A node as the records of Micro's mdns, and the other way round.
///
///     PTR  SERVICE.DOMAIN -> ID.SERVICE.DOMAIN       SRV  ID.SERVICE.DOMAIN -> HOST, port
///     A, AAAA  HOST                                  TXT  ID.SERVICE.DOMAIN = the rest of the node
///     PTR  _services.DOMAIN -> SERVICE._services.DOMAIN, with SRV, A 0.0.0.0 and an empty TXT: the list of names
#pragma once

#include "message.hpp"
#include "node.hpp"

namespace microhost::registry_mdns {

constexpr uint32_t kTtl = 120;  // seconds, of all records

/// A node of ours in one domain.
struct Offer {
    Node node;
    std::string service;   ///< SERVICE.DOMAIN
    std::string instance;  ///< ID.SERVICE.DOMAIN
    std::string list;      ///< _services.DOMAIN
    std::string listed;    ///< SERVICE._services.DOMAIN
    std::string host;
    std::vector<std::string> texts;

    Offer(const Node& n, std::string_view domain, std::string_view host_name);
    bool fits() const;
    /// SRV, A or AAAA, TXT.
    std::vector<Record> records(uint32_t ttl) const;
    std::vector<Record> list_records() const;
    Message probe(uint16_t id) const;
    Message announcement(uint32_t ttl) const;
    /// Nothing when the question is about something else.
    std::optional<Message> answer(const Question& q) const;
    std::optional<Message> list_answer(const Question& q) const;
    /// Bytes of the longest datagram that is sent for it.
    size_t longest() const;
};

Message query(std::string_view name, uint16_t id, uint16_t type = kPtr);

/// A node that somebody told of, and what it is worth is not looked at yet.
struct Found {
    std::string instance;
    std::vector<std::string> ips;  ///< bytes; IPv4 first
    uint16_t port = 0;
    uint32_t ttl = 0;  ///< 0: it is gone
    const std::vector<std::string>* texts =
        nullptr;  ///< in the message; may be null when it is gone
};
/// Those whose records are all there, and those that are gone. At most kMostFound of a message.
constexpr size_t kMostFound = 256;
std::vector<Found> nodes_of(const Message& m);
/// The names that a message lists in a domain.
std::vector<std::string> names_of(const Message& m, std::string_view domain);

}  // namespace microhost::registry_mdns
