// SPDX-License-Identifier: Apache-2.0
/// Records of the domain name system that getaddrinfo does not give: SRV and TXT.
#pragma once

#include <microhost/base.h>
#include <netinet/in.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::net {

enum class DnsType { srv, txt };

struct DnsRecord {
    std::string text;  // SRV: the target without its last dot; TXT: its strings, joined
    uint32_t port = 0, priority = 0, weight = 0, ttl_s = 0;
};

struct DnsAnswer {
    mh_status status = MH_OK;  // MH_OK with records, MH_E_NOT_FOUND, MH_E_TIMEOUT, MH_E_IO
    std::vector<DnsRecord> records;
};

/// Whether it can be asked for: 1 to 253 visible ASCII characters in labels of at most 63.
bool dns_name(std::string_view name);

/// Asks the servers of resolv.conf, or `server` (tests). Blocks for at most about `timeout_ms`. Thread: a worker.
DnsAnswer dns_query(const std::string& name, DnsType type, uint32_t timeout_ms,
                    const std::optional<sockaddr_in>& server = {});

/// The records of that type in a message of a server. Whatever the bytes are, nothing worse than MH_E_IO comes of them.
DnsAnswer dns_parse(std::string_view message, DnsType type);

/// RFC 2782: by priority, and within one by chance in proportion to the weights. `random(n)` answers 0..n.
void dns_order(std::vector<DnsRecord>& records, const std::function<uint32_t(uint32_t n)>& random);

}  // namespace microhost::net
