// SPDX-License-Identifier: Apache-2.0
#include "module/kv_record.hpp"

#include <algorithm>
#include <array>

#include "module/kv_store.hpp"

namespace microhost::module {
namespace {

constexpr std::string_view kMark = "\xb5kv\x01";
constexpr size_t kFrame = 4 + 4 + 4;  // mark, checksum, size
constexpr size_t kBody = 1 + 8 + 2;   // kind, time, length of the key
constexpr char kSet = 's', kRemoved = 'r';

constexpr std::array<uint32_t, 256> make_table() {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < table.size(); i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ 0x82f63b78u : c >> 1;
        table[i] = c;
    }
    return table;
}

// Castagnoli's polynomial, as iSCSI and ext4 use it.
uint32_t crc32c(std::string_view bytes) {
    static constexpr auto kTable = make_table();
    uint32_t c = ~0u;
    for (const char b : bytes) c = kTable[(c ^ static_cast<unsigned char>(b)) & 0xff] ^ c >> 8;
    return ~c;
}

void put(std::string& out, uint64_t n, int bytes) {
    for (int i = 0; i < bytes; i++) out += static_cast<char>(n >> 8 * i & 0xff);
}

uint64_t number(std::string_view s, size_t at, size_t bytes) {
    uint64_t n = 0;
    for (size_t i = bytes; i-- > 0;) n = n << 8 | static_cast<unsigned char>(s[at + i]);
    return n;
}

/// The record at the beginning; its size, or 0.
size_t read_one(std::string_view s, KvRecord& out) {
    if (s.size() < kFrame + kBody || !s.starts_with(kMark)) return 0;
    const size_t n = number(s, 8, 4);
    if (n < kBody || n > kBody + KvNamespace::kLongestKey + KvNamespace::kLongestValue ||
        n > s.size() - kFrame)
        return 0;
    if (crc32c(s.substr(8, 4 + n)) != number(s, 4, 4)) return 0;
    const std::string_view body = s.substr(kFrame, n);
    const size_t key = number(body, 9, 2);
    if ((body[0] != kSet && body[0] != kRemoved) || key == 0 || key > n - kBody) return 0;
    out.removed = body[0] == kRemoved;
    out.expires_ms = number(body, 1, 8);
    out.key = body.substr(kBody, key);
    out.value = body.substr(kBody + key);
    return kFrame + n;
}

}  // namespace

size_t kv_record_size(size_t key, size_t value) { return kFrame + kBody + key + value; }

void append_kv_record(std::string& out, const KvRecord& r) {
    out += kMark;
    const size_t checksum = out.size();
    put(out, 0, 4);
    put(out, kBody + r.key.size() + r.value.size(), 4);
    out += r.removed ? kRemoved : kSet;
    put(out, r.expires_ms, 8);
    put(out, r.key.size(), 2);
    out.append(r.key).append(r.value);
    const uint32_t c = crc32c(std::string_view(out).substr(checksum + 4));
    for (int i = 0; i < 4; i++)
        out[checksum + static_cast<size_t>(i)] = static_cast<char>(c >> 8 * i & 0xff);
}

KvScan read_kv_records(std::string_view bytes, const std::function<void(const KvRecord&)>& fn) {
    KvScan scan;
    while (!bytes.empty()) {
        KvRecord r;
        if (const size_t n = read_one(bytes, r)) {
            scan.records++;
            scan.torn = false;
            fn(r);
            bytes.remove_prefix(n);
            continue;
        }
        // Behind what is damaged there may be good ones.
        const size_t next = std::min(bytes.find(kMark, 1), bytes.size());
        scan.damaged += next;
        scan.torn = true;
        bytes.remove_prefix(next);
    }
    return scan;
}

}  // namespace microhost::module
