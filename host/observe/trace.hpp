// SPDX-License-Identifier: Apache-2.0
/// Request ids and W3C trace context (https://www.w3.org/TR/trace-context/, level 1): nothing here
/// allocates.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace microhost::observe {

/// A fast source of random ids; one per loop. They name requests and keep no secret.
class IdSource {
  public:
    /// Seeded by the kernel (getrandom). Throws std::system_error where that fails.
    IdSource();
    /// For tests.
    explicit IdSource(std::uint64_t seed) noexcept;

    std::uint64_t next() noexcept;
    /// Fills with lower-case hex digits, not all of them 0. The size is a multiple of 16.
    void fill_hex(std::span<char> out) noexcept;

  private:
    std::array<std::uint64_t, 4> state_;
};

/// 1 to 128 characters of A-Z a-z 0-9 . _ -
bool valid_request_id(std::string_view text) noexcept;

struct RequestId {
    static constexpr std::size_t kMax = 128;
    std::uint8_t size = 0;
    std::array<char, kMax> text;

    /// The id that came, where its sender is trusted and it is valid; else a new one of 32 hex
    /// digits.
    void choose(std::string_view incoming, bool trusted, IdSource& ids) noexcept;
    std::string_view view() const noexcept { return {text.data(), size}; }
};

struct TraceParent {
    static constexpr std::size_t kSize = 55;  // of the header's value
    std::array<char, 32> trace_id;            // lower-case hex, not all 0
    std::array<char, 16> parent_id;           // lower-case hex, not all 0
    bool sampled = false;

    /// False, and nothing changed, when the value is not valid: then a new trace begins. A version
    /// after 00 is read by the rules for 00, as section 3.2.4 asks; what follows the flags is
    /// ignored.
    bool parse(std::string_view value) noexcept;
    /// A new trace.
    static TraceParent make(IdSource& ids, bool sampled) noexcept;
    /// The same trace with a new parent id: what goes to the next hop.
    TraceParent child(IdSource& ids) const noexcept;
    /// `00-<trace id>-<parent id>-<flags>` in `out`.
    std::string_view format(std::span<char, kSize> out) const noexcept;

    std::string_view trace_id_view() const noexcept { return {trace_id.data(), trace_id.size()}; }
    std::string_view parent_id_view() const noexcept {
        return {parent_id.data(), parent_id.size()};
    }
};

}  // namespace microhost::observe
