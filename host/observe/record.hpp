// SPDX-License-Identifier: Apache-2.0
/// One log record: as a caller gives it, and as bytes between two threads.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace microhost::log {

/// The numbers are those of the C ABI: greater is graver.
enum class Level : std::uint32_t { debug = 0, info = 1, warn = 2, error = 3 };
/// "debug", "info", "warn", "error".
std::string_view level_name(Level level) noexcept;

/// A key with a text, a number or a truth value. Lent for the length of the call: build it in the
/// call's braces.
struct Field {
    enum class Kind : std::uint8_t { text, signed_number, unsigned_number, real, boolean };

    constexpr Field() = default;
    constexpr Field(std::string_view k, std::string_view v) : key(k), text(v) {}
    constexpr Field(std::string_view k, const char* v) : key(k), text(v ? v : "(null)") {}
    constexpr Field(std::string_view k, bool v) : key(k), bits(v), kind(Kind::boolean) {}
    constexpr Field(std::string_view k, std::signed_integral auto v)
        : key(k),
          bits(static_cast<std::uint64_t>(static_cast<std::int64_t>(v))),
          kind(Kind::signed_number) {}
    constexpr Field(std::string_view k, std::unsigned_integral auto v)
        : key(k), bits(v), kind(Kind::unsigned_number) {}
    constexpr Field(std::string_view k, std::floating_point auto v)
        : key(k), bits(std::bit_cast<std::uint64_t>(static_cast<double>(v))), kind(Kind::real) {}

    std::string_view key;
    std::string_view text;   // of Kind::text
    std::uint64_t bits = 0;  // of the others
    Kind kind = Kind::text;
    bool clipped = false;
};

/// Longer texts are clipped, and the line shows it by an ellipsis.
inline constexpr std::size_t kMaxModule = 64, kMaxMessage = 4096, kMaxKey = 64, kMaxValue = 2048;
/// Further fields are left out.
inline constexpr std::size_t kMaxFields = 32;
/// A record is never longer than this, in bytes; later values are clipped to fit.
inline constexpr std::size_t kMaxRecord = 16 * 1024;

struct Record {
    std::uint64_t time_us = 0;  // since 1970, UTC
    Level level = Level::info;
    bool clipped = false;  // the message was longer
    std::string_view module;
    std::string_view message;
    std::span<const Field> fields;
    bool echo = false;  // written by one who was being told of lines (log::Echo)
};

/// How many bytes `encode` will write.
std::uint32_t encoded_size(const Record& record) noexcept;
/// `out` has room for `encoded_size(record)` bytes.
void encode(const Record& record, std::byte* out) noexcept;
/// Views into `bytes`, which `encode` wrote; `fields` lends the room for the fields.
Record decode(std::span<const std::byte> bytes, std::span<Field, kMaxFields> fields) noexcept;

}  // namespace microhost::log
