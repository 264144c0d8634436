// SPDX-License-Identifier: Apache-2.0
/// The envelopes around bodies of nodes whose metadata names no protocol: JSON-RPC and proto-RPC, as Micro's client then
/// sends them (source: capture 96).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace microhost::rpc {

enum class Envelope : uint8_t { none, json, proto };

/// Which one a body of this type gets; an empty protobuf message goes bare.
Envelope envelope_for(std::string_view content_type, bool empty);
/// The content type with the envelope on.
std::string_view envelope_type(Envelope e, std::string_view content_type);

/// Appends the body in its envelope.
void wrap(Envelope e, std::string& out, std::string_view endpoint, uint64_t id,
          std::string_view body);

struct Unwrapped {
    bool good = false;       // false: not that kind of envelope
    std::string_view error;  // what the service said; then there is no body
    std::string_view body;
};
/// Views into `reply`, which is untrusted. A string as error is handed out without quotes when nothing in it is escaped.
Unwrapped unwrap(Envelope e, std::string_view reply);

// ---- the server's side

struct UnwrappedRequest {
    bool good = false;  // false: not that kind of envelope
    std::string endpoint, id;
    std::string_view body;  // a view into the request
};
/// `request` is untrusted.
UnwrappedRequest unwrap_request(Envelope e, std::string_view request);

/// Appends an answer in its envelope; with an `error` there is no body. An id of JSON-RPC comes back as a string, as
/// go-micro does it.
void wrap_reply(Envelope e, std::string& out, std::string_view id, std::string_view body,
                std::string_view error);

}  // namespace microhost::rpc
