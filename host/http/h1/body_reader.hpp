// SPDX-License-Identifier: Apache-2.0
/// Reads the body of one message after another, however its length is told.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/h1/chunked.hpp"
#include "http/head.hpp"

namespace microhost::http {

class BodyReader {
  public:
    /// A new message; `length` counts for Framing::length only.
    void start(Framing framing, uint64_t length) {
        framing_ = framing;
        left_ = framing == Framing::length ? length : 0;
        complete_ = framing == Framing::none || (framing == Framing::length && length == 0);
        if (framing == Framing::chunked) chunks_.reset();
    }

    /// The body bytes in data[0, n) are at its front afterwards: data[0, produced). Nothing is consumed, and `done`
    /// said again, when the body is complete already: call it once with n = 0 to learn that there is none.
    Fed feed(char* data, size_t n);

    /// The sender closed: is the body complete? If not it is cut short, which must show at the other end.
    bool eof() {
        complete_ = complete_ || framing_ == Framing::until_close;
        return complete_;
    }

    bool complete() const { return complete_; }
    Framing framing() const { return framing_; }
    /// Bytes still to come; 0 where that is not known.
    uint64_t remaining() const { return left_; }
    /// Trailer fields, for parse_trailers(); empty unless chunked and complete.
    std::string_view trailers() const {
        return framing_ == Framing::chunked && complete_ ? chunks_.trailers() : std::string_view{};
    }

  private:
    Framing framing_ = Framing::none;
    bool complete_ = true;
    uint64_t left_ = 0;
    ChunkDecoder chunks_;
};

}  // namespace microhost::http
