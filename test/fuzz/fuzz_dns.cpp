// SPDX-License-Identifier: Apache-2.0
// A message of a name server from any bytes: records of the wanted kind or an error, and an order that loses none of them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/dns.hpp"

using namespace microhost::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string message(reinterpret_cast<const char*>(bytes), size);
    for (const DnsType type : {DnsType::srv, DnsType::txt}) {
        DnsAnswer a = dns_parse(message, type);
        if ((a.status == MH_OK) == a.records.empty()) std::abort();
        const std::size_t before = a.records.size();
        std::uint32_t chance = 0;
        dns_order(a.records, [&](std::uint32_t n) { return chance++ % (n + 1); });
        if (a.records.size() != before) std::abort();
    }
    return 0;
}
