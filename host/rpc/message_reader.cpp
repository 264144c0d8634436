// SPDX-License-Identifier: Apache-2.0
#include "rpc/message_reader.hpp"

#include "http/h1/parse_request.hpp"
#include "http/h1/parse_response.hpp"

namespace microhost::rpc {
namespace {

constexpr size_t kKept = 64 * 1024;  // memory up to here is used again

void shrink(std::string& s) {
    s.clear();
    if (s.capacity() > kKept) std::string().swap(s);
}

}  // namespace

MessageReader::MessageReader(Side side, http::h1::Parser& parser, const Bounds& bounds)
    : side_(side), parser_(parser), bounds_(bounds) {
    scan_.request = side == Side::server;
}

MessageReader::Got MessageReader::broken(const char* why) {
    why_ = why;
    buffer_.clear();
    at_ = 0;
    return Got::broken;
}

MessageReader::Got MessageReader::next() {
    if (why_) return Got::broken;
    if (!in_body_) {
        shrink(body_);
        if (const Got head = read_head(); head != Got::message) return head;
    }
    return read_body();
}

// `message`: the head is there.
MessageReader::Got MessageReader::read_head() {
    switch (scan_.feed(buffer_.data() + at_, waiting())) {
        case http::HeadScan::bad: return broken("a malformed head");
        case http::HeadScan::need_more:
            if (waiting() > bounds_.header_bytes) return broken("a head that is too long");
            compact();
            return Got::more;
        case http::HeadScan::complete: break;
    }
    const size_t skip = scan_.skip, size = scan_.pos;
    scan_ = {};
    scan_.request = side_ == Side::server;
    if (size > bounds_.header_bytes) return broken("a head that is too long");
    head_.assign(buffer_, at_ + skip, size - skip);
    at_ += size;
    const bool server = side_ == Side::server;
    const http::Refusal no =
        server ? http::h1::parse_request(head_.data(), head_.size(), parser_, request_)
               : http::h1::parse_response(head_.data(), head_.size(), parser_, response_,
                                          http::Method::post);
    if (no) return broken(no.why);
    if (headers().count > bounds_.max_headers) return broken("too many header fields");
    const http::Framing framing = server ? request_.framing : response_.framing;
    const uint64_t length = server ? request_.content_length : response_.content_length;
    if (framing == http::Framing::until_close) return broken("a message without a length");
    if (framing == http::Framing::length && length > bounds_.body_bytes)
        return broken("a message that is too long");
    reader_.start(framing, length);
    in_body_ = true;
    return Got::message;
}

MessageReader::Got MessageReader::read_body() {
    while (!reader_.complete()) {
        char* from = buffer_.data() + at_;
        const http::Fed fed = reader_.feed(from, waiting());
        if (fed.error) return broken("a malformed chunked body");
        if (body_.size() + fed.produced > bounds_.body_bytes)
            return broken("a message that is too long");
        body_.append(from, fed.produced);
        at_ += fed.consumed;
        if (fed.done) break;
        if (!fed.consumed) {
            compact();
            return Got::more;
        }
    }
    in_body_ = false;
    if (!waiting()) compact();
    return Got::message;
}

void MessageReader::compact() {
    buffer_.erase(0, at_);
    at_ = 0;
    if (buffer_.empty()) shrink(buffer_);
}

}  // namespace microhost::rpc
