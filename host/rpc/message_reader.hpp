// SPDX-License-Identifier: Apache-2.0
/// Cuts the bytes of a connection that carries a stream into HTTP messages, each held whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/h1/body_reader.hpp"
#include "http/h1/head_scan.hpp"
#include "http/h1/parser.hpp"
#include "http/head.hpp"

namespace microhost::rpc {

class MessageReader {
  public:
    enum class Side : uint8_t { server, client };  // who reads: requests, or responses
    enum class Got : uint8_t { more, message, broken };
    struct Bounds {
        size_t header_bytes, body_bytes;
        uint32_t max_headers;
    };

    MessageReader(Side side, http::h1::Parser& parser, const Bounds& bounds);

    void append(std::string_view bytes) { buffer_.append(bytes); }
    /// The next message. Its views live until the next call; `broken` once is `broken` for ever.
    Got next();
    const http::Headers& headers() const {
        return side_ == Side::server ? request_.headers : response_.headers;
    }
    uint16_t status() const { return response_.status; }
    std::string_view body() const { return body_; }
    /// Why it is broken.
    const char* why() const { return why_; }
    /// Bytes that wait.
    size_t waiting() const { return buffer_.size() - at_; }
    /// Nothing of a message is here.
    bool between() const { return !in_body_ && waiting() == 0; }

  private:
    Got broken(const char* why);
    Got read_head();
    Got read_body();
    void compact();

    const Side side_;
    http::h1::Parser& parser_;
    const Bounds bounds_;
    std::string buffer_, head_, body_;
    size_t at_ = 0;  // what is before it was read
    http::HeadScan scan_;
    http::BodyReader reader_;
    http::RequestHead request_;
    http::ResponseHead response_;
    bool in_body_ = false;
    const char* why_ = nullptr;
};

}  // namespace microhost::rpc
