// SPDX-License-Identifier: Apache-2.0
/// The chunked transfer coding, decoded strictly, in pieces and in place (RFC 9112 section 7.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/head.hpp"

namespace microhost::http {

/// What a piece of a message body gave. Decoded bytes are at the front of the piece: data[0, produced).
struct Fed {
    size_t consumed = 0;  // input bytes that belong to this message; the rest is the next one's
    size_t produced = 0;
    bool done = false;   // the body is complete
    bool error = false;  // malformed; bytes produced before it are still counted
};

/// CRLF only; sizes of 1 to 16 hex digits; extensions are checked, at most 256 bytes a chunk, and dropped. A trailer
/// section of at most 8 KiB and 16 fields; of its fields those are kept that may come behind a body.
class ChunkDecoder {
  public:
    static constexpr size_t kMostExtension = 256, kMostTrailer = 8 * 1024;
    static constexpr unsigned kMostTrailers = 16;

    /// Ready for the next message; keeps the trailer buffer's memory.
    void reset();

    /// Moves the decoded bytes of data[0, n) to its front. After done or error: not again before reset().
    Fed feed(char* data, size_t n);

    /// The trailer fields that were kept, each as "Name: value\r\n". Complete once feed() said done.
    std::string_view trailers() const { return trailers_; }

  private:
    enum class At : uint8_t {
        size_first,
        size,
        ext_begin,  // behind the size or a complete extension: ";" or CR
        ext_name_first,
        ext_name,
        ext_value_first,
        ext_token,
        ext_quoted,
        ext_escaped,
        size_lf,
        payload,
        payload_cr,
        payload_lf,
        trailer,
        trailer_lf,
        done,
        bad,
    };

    At step(char c);
    At step_size(char c);
    At step_extension(char c);
    At step_trailer(char c);
    At behind_extension(char c) const;
    bool keep_trailer();

    At at_ = At::size_first;
    uint8_t digits_ = 0;
    uint8_t fields_ = 0;  // of the trailer section
    uint16_t extension_ = 0;
    uint16_t trailer_size_ = 0;
    uint32_t line_ = 0;  // where in trailers_ the current line begins
    uint64_t left_ = 0;  // of the chunk
    std::string trailers_;
};

/// Cuts what ChunkDecoder::trailers() gave into fields; `out` is cleared first. Views into `raw`.
void parse_trailers(std::string_view raw, Headers& out);

}  // namespace microhost::http
