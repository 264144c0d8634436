// SPDX-License-Identifier: Apache-2.0
#include "observe/tail.hpp"

#include "observe/line.hpp"

#include <algorithm>
#include <array>

namespace microhost::log {

Entry entry_of(std::uint64_t sequence, const Record& record) {
    Entry entry{sequence,
                record.time_us,
                record.level,
                std::string(record.module),
                std::string(record.message),
                {}};
    for (const Field& field : record.fields)
        entry.fields.emplace_back(field.key, field_text(field));
    return entry;
}

void Tail::add(std::span<const std::byte> encoded) {
    if (slots_.empty()) return;
    const std::lock_guard lock(mutex_);
    slots_[added_++ % slots_.size()].assign(encoded.begin(), encoded.end());
}

std::vector<Entry> Tail::recent(std::size_t n, std::uint64_t after) const {
    std::array<Field, kMaxFields> room;
    const std::lock_guard lock(mutex_);
    const std::uint64_t kept = std::min<std::uint64_t>({n, slots_.size(), added_});
    std::vector<Entry> entries;
    for (std::uint64_t i = std::max(added_ - kept, std::min(after, added_)); i < added_; ++i) {
        entries.push_back(entry_of(i + 1, decode(slots_[i % slots_.size()], room)));
    }
    return entries;
}

void Tail::each(std::uint64_t after, const Look& look) const {
    std::array<Field, kMaxFields> room;
    const std::lock_guard lock(mutex_);
    const std::uint64_t first = added_ - std::min<std::uint64_t>(slots_.size(), added_);
    for (std::uint64_t i = std::max(first, std::min(after, added_)); i < added_; ++i)
        look(i + 1, decode(slots_[i % slots_.size()], room));
}

std::uint64_t Tail::newest() const {
    const std::lock_guard lock(mutex_);
    return added_;
}

}  // namespace microhost::log
