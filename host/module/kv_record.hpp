// SPDX-License-Identifier: Apache-2.0
/// What a durable namespace of kv looks like on disk: a first line, then one record for each change. No files here.
///
///     record = mark (4 bytes), CRC-32C of what follows (4), size of what follows the size (4), kind (1), time (8), length of the
///              key (2), key, value; numbers with the lowest byte first
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace microhost::module {

inline constexpr std::string_view kKvFirstLine = "microhost kv 1\n";

struct KvRecord {
    std::string_view key, value;
    uint64_t expires_ms = 0;  ///< since 1970; 0: never
    bool removed = false;
};

void append_kv_record(std::string& out, const KvRecord& record);
/// How many bytes it is there.
size_t kv_record_size(size_t key, size_t value);

struct KvScan {
    size_t records = 0;
    size_t damaged = 0;  ///< bytes that are no record
    bool torn = false;   ///< all of them at the end: a write that did not come to its end
};
/// Calls fn for each record of `bytes`, which follow the first line; goes on behind what is damaged.
KvScan read_kv_records(std::string_view bytes, const std::function<void(const KvRecord&)>& fn);

}  // namespace microhost::module
