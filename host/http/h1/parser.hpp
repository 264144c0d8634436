// SPDX-License-Identifier: Apache-2.0
/// The only door to llhttp: the field lines of a head, strictly parsed and put into Headers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "http/head.hpp"

namespace microhost::http::h1 {

/// What the parsing of field lines saw beside the fields themselves.
struct FieldLines {
    std::array<uint64_t, 2> repeated{};  // bit i: more than one field has id i
    bool underscores = false;            // some name holds "_"

    bool twice(uint32_t id) const { return repeated[id / 64] >> id % 64 & 1; }
};

/// Scratch of one thread; any number of heads, one after another.
///
/// Our own code reads the first line of a message: its rules (methods, bytes of a target, versions) differ between
/// llhttp 8 and 9. Nor is llhttp asked about a line that can be read in one way only: a name that has an id, its colon, a
/// value without controls (HeadScan has seen to that). It judges every other line, and Transfer-Encoding, from a state that
/// stands just behind a first line.
class Parser {
  public:
    enum class Kind : uint8_t { request, response };

    Parser();

    /// `lines` is everything behind the first line of a head that HeadScan found complete, its empty line included.
    /// Refuses with 400 for what llhttp refuses and for names that are no tokens, 431 for more than kMaxHeaders. What a
    /// Content-Length or a Connection says is for the caller to judge.
    Refusal fields(Kind kind, const char* lines, size_t n, Headers& out, FieldLines& seen);

  private:
    static constexpr size_t kStateSize = 192;
    using State = std::array<unsigned char, kStateSize>;
    alignas(16) std::array<State, 2> behind_first_line_;
};

}  // namespace microhost::http::h1
