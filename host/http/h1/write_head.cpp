// SPDX-License-Identifier: Apache-2.0
#include "http/h1/write_head.hpp"

#include "http/reason.hpp"

namespace microhost::http::h1 {

size_t write_decimal(uint64_t n, char* out) {
    char digits[kMostDigits];
    char* at = digits + kMostDigits;
    do *--at = static_cast<char>('0' + n % 10);
    while (n /= 10);
    const auto size = static_cast<size_t>(digits + kMostDigits - at);
    std::memcpy(out, at, size);
    return size;
}

void HeadWriter::status(unsigned status) {
    if (const std::string_view line = status_line(status); !line.empty()) return raw(line);
    const char digits[3] = {static_cast<char>('0' + status / 100 % 10),
                            static_cast<char>('0' + status / 10 % 10),
                            static_cast<char>('0' + status % 10)};
    if (!room(15)) return;
    put("HTTP/1.1 ");
    put({digits, 3});
    put(" \r\n");
}

void HeadWriter::request(std::string_view method, std::string_view target) {
    request(method, target, false, {});
}

void HeadWriter::request(std::string_view method, std::string_view path, bool has_query,
                         std::string_view query) {
    constexpr std::string_view kVersion = " HTTP/1.1\r\n";
    if (!room(method.size() + path.size() + query.size() + kVersion.size() + 2)) return;
    put(method);
    put(" ");
    put(path);
    if (has_query) {
        put("?");
        put(query);
    }
    put(kVersion);
}

void HeadWriter::forward(const Headers& headers, const Connection& connection,
                         const IdSet& except) {
    const bool nominated = connection.count != 0 || (connection.ids[0] | connection.ids[1]) != 0;
    const IdSet skip{kHopByHop[0] | except[0], kHopByHop[1] | except[1]};
    for (uint32_t i = 0; i < headers.count; i++) {
        const mh_header& h = headers.fields[i];
        if (in(skip, h.id) || (nominated && connection.drops(h))) continue;
        field(h);
    }
}

}  // namespace microhost::http::h1
