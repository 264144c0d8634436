// SPDX-License-Identifier: Apache-2.0
/// What comes from another broker; shared/event_message.hpp writes it (source: captures 70 and 71, go-micro broker/http_broker.go).
#pragma once

#include <microhost/draft/event.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace microhost::broker_http {

/// Of a topic without a queue: every node gets each message.
inline constexpr std::string_view kBroadcast = "ff.http.broadcast";
/// The name under which subscribers are registered since go-micro 1.18.
inline constexpr std::string_view kService = "go.micro.http.broker";

struct Message {
    std::string topic, content_type, id, body;
    std::vector<std::pair<std::string, std::string>> headers;  ///< all others

    /// For as long as the message lives; `rows` too.
    mh_event lend(std::vector<mh_kv>& rows) const;
};

/// Nothing for what is no message: `why` says it in Micro's words where there are some.
std::optional<Message> read_message(std::string_view json, std::string& why);

}  // namespace microhost::broker_http
