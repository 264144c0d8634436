// SPDX-License-Identifier: Apache-2.0
/// Micro's wire protocol, the server's side: what the head of a request asks for, and the fields of an answer.
#pragma once

#include <microhost/base.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/head.hpp"
#include "rpc/envelope.hpp"

namespace microhost::rpc::mucp {

/// The longest name or id that is taken, and sent back.
constexpr size_t kLongestName = 512;

/// Views into the head. Micro-X comes before X-Micro-X, as in go-micro.
struct Asked {
    std::string_view service, endpoint, id, from_service, stream, error;
    std::string_view content_type;  // as it came; empty: none
    bool has_stream = false;        // Micro-Stream is there, its value may be empty
    bool bare = false;              // no field says what is called: the body's envelope does
    bool too_long = false;          // some name is longer than kLongestName; then all are empty
    uint64_t timeout_ms = 0;        // 0: none was told

    static Asked of(const http::Headers& h);
};

/// What a content type means here.
struct Coding {
    bool known = false;
    Envelope envelope = Envelope::none;
    std::string_view inner;  // the type of what is inside the envelope
};
/// `type` without its parameters; empty is protobuf, as in go-micro.
Coding coding_of(std::string_view type, bool bare);

/// The fields that a module is shown as metadata: neither framing nor Micro's own, nor what the call tells by itself.
bool is_metadata(const mh_header& h);

/// The fields of one answer; what they point to is lent until it is sent.
class Fields {
  public:
    void add(std::string_view name, std::string_view value);
    const mh_kv* data() const { return rows_.data(); }
    uint32_t size() const { return count_; }

  private:
    std::array<mh_kv, 12> rows_{};
    uint32_t count_ = 0;
};
/// Content-Type, and what a client finds its call by. Never what the caller said beside it: go-micro sends that back, and on a
/// connection that several callers share to the wrong one.
void answer_fields(Fields& out, const Asked& a, std::string_view content_type,
                   std::string_view error);

/// A text as it may stand in Micro-Error: one line of bounded length. Never empty.
std::string error_line(std::string_view text);

}  // namespace microhost::rpc::mucp
