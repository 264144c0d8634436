// SPDX-License-Identifier: Apache-2.0
#include "observe/record.hpp"

#include "observe/escape.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace microhost::log {
namespace {

constexpr std::uint8_t kClipped = 1, kEcho = 2;

struct Head {
    std::uint64_t time_us;
    std::uint8_t level;
    std::uint8_t marks;  // kClipped, kEcho
    std::uint16_t module_size;
    std::uint16_t message_size;
    std::uint16_t fields;
};

struct FieldHead {
    std::uint64_t bits;
    std::uint8_t kind;
    std::uint8_t clipped;
    std::uint16_t key_size;
    std::uint16_t text_size;
};

struct Counter {
    std::uint32_t size = 0;
    void put(const void*, std::size_t n) { size += static_cast<std::uint32_t>(n); }
};

struct Copier {
    std::byte* out;
    void put(const void* from, std::size_t n) {
        if (n != 0) std::memcpy(out, from, n);
        out += n;
    }
};

/// One walk for measuring and for writing, so that the two can never differ.
void walk(const Record& record, auto& out) {
    const auto module = observe::utf8_clip(record.module, kMaxModule);
    const auto message = observe::utf8_clip(record.message, kMaxMessage);
    const auto fields = record.fields.first(std::min(record.fields.size(), kMaxFields));
    const bool clipped = record.clipped || message.size() < record.message.size();
    const Head head{record.time_us,
                    static_cast<std::uint8_t>(record.level),
                    static_cast<std::uint8_t>((clipped ? kClipped : 0) | (record.echo ? kEcho : 0)),
                    static_cast<std::uint16_t>(module.size()),
                    static_cast<std::uint16_t>(message.size()),
                    static_cast<std::uint16_t>(fields.size())};
    out.put(&head, sizeof head);
    out.put(module.data(), module.size());
    out.put(message.data(), message.size());
    constexpr std::size_t kFixed =
        sizeof(Head) + kMaxModule + kMaxMessage + kMaxFields * (sizeof(FieldHead) + kMaxKey);
    static_assert(kFixed < kMaxRecord);
    std::size_t budget = kMaxRecord - kFixed;
    for (const Field& field : fields) {
        const auto key = observe::utf8_clip(field.key, kMaxKey);
        const auto text = observe::utf8_clip(field.text, std::min(kMaxValue, budget));
        budget -= text.size();
        const FieldHead field_head{field.bits, static_cast<std::uint8_t>(field.kind),
                                   field.clipped || text.size() < field.text.size(),
                                   static_cast<std::uint16_t>(key.size()),
                                   static_cast<std::uint16_t>(text.size())};
        out.put(&field_head, sizeof field_head);
        out.put(key.data(), key.size());
        out.put(text.data(), text.size());
    }
}

struct Reader {
    const std::byte* in;
    template <class T>
    T get() {
        T value;
        std::memcpy(&value, in, sizeof value);
        in += sizeof value;
        return value;
    }
    std::string_view text(std::size_t n) {
        const auto* begin = reinterpret_cast<const char*>(in);
        in += n;
        return {begin, n};
    }
};

}  // namespace

std::string_view level_name(Level level) noexcept {
    switch (level) {
        case Level::debug: return "debug";
        case Level::info: return "info";
        case Level::warn: return "warn";
        case Level::error: break;
    }
    return "error";
}

std::uint32_t encoded_size(const Record& record) noexcept {
    Counter counter;
    walk(record, counter);
    return counter.size;
}

void encode(const Record& record, std::byte* out) noexcept {
    Copier copier{out};
    walk(record, copier);
}

Record decode(std::span<const std::byte> bytes, std::span<Field, kMaxFields> fields) noexcept {
    Reader reader{bytes.data()};
    const auto head = reader.get<Head>();
    Record record;
    record.time_us = head.time_us;
    record.level = static_cast<Level>(head.level);
    record.clipped = head.marks & kClipped;
    record.echo = head.marks & kEcho;
    record.module = reader.text(head.module_size);
    record.message = reader.text(head.message_size);
    for (std::size_t i = 0; i < head.fields; ++i) {
        const auto field_head = reader.get<FieldHead>();
        Field& field = fields[i];
        field.bits = field_head.bits;
        field.kind = static_cast<Field::Kind>(field_head.kind);
        field.clipped = field_head.clipped != 0;
        field.key = reader.text(field_head.key_size);
        field.text = reader.text(field_head.text_size);
    }
    record.fields = fields.first(head.fields);
    assert(reader.in == bytes.data() + bytes.size());
    return record;
}

}  // namespace microhost::log
