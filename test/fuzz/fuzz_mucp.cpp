// SPDX-License-Identifier: Apache-2.0
// A connection that carries a stream, of any bytes: the same messages whole, byte by byte, and in pieces of the size that the
// input chooses; and each body as an envelope, of both kinds and from both sides.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/envelope.hpp"
#include "rpc/message_reader.hpp"

using namespace microhost;
using namespace microhost::rpc;

namespace {

constexpr MessageReader::Bounds kBounds{1024, 4096, 16};

void require(bool good) {
    if (!good) std::abort();
}

struct Reading {
    std::vector<std::string> messages;
    bool broken = false, between = false;
    bool operator==(const Reading&) const = default;
};

Reading read(MessageReader::Side side, std::string_view input, std::size_t piece) {
    static http::h1::Parser parser;
    MessageReader reader(side, parser, kBounds);
    Reading r;
    for (std::size_t at = 0; at < input.size() && !r.broken; at += piece) {
        reader.append(input.substr(at, piece));
        MessageReader::Got got;
        while ((got = reader.next()) == MessageReader::Got::message) {
            require(reader.body().size() <= kBounds.body_bytes);
            require(reader.headers().count <= kBounds.max_headers);
            r.messages.emplace_back(reader.body());
        }
        r.broken = got == MessageReader::Got::broken;
        require(r.broken == (reader.why() != nullptr));
        // What waits is bounded: a head, or what came with the last piece.
        require(reader.waiting() <= kBounds.header_bytes + piece);
    }
    r.between = !r.broken && reader.between();
    return r;
}

bool within(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

void check_envelopes(std::string_view body) {
    for (const Envelope e : {Envelope::json, Envelope::proto}) {
        const Unwrapped reply = unwrap(e, body);
        require(within(reply.body, body));
        require(reply.error.empty() || reply.body.empty());
        const UnwrappedRequest request = unwrap_request(e, body);
        if (!request.good || request.body.empty()) continue;
        require(within(request.body, body));
        // What is answered to it is an envelope that a client opens again.
        std::string out;
        wrap_reply(e, out, request.id, request.body, {});
        const Unwrapped again = unwrap(e, out);
        require(again.good && again.error.empty() && again.body == request.body);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(bytes + 1), size - 1);
    check_envelopes(input);
    for (const auto side : {MessageReader::Side::server, MessageReader::Side::client}) {
        const Reading whole = read(side, input, std::max<std::size_t>(input.size(), 1));
        require(read(side, input, 1) == whole);
        require(read(side, input, std::size_t{bytes[0]} + 1) == whole);
        for (const std::string& body : whole.messages) check_envelopes(body);
    }
    return 0;
}
