// SPDX-License-Identifier: Apache-2.0
#include "event_message.hpp"

#include <map>
#include <string_view>

#include "base64.hpp"
#include "json_writer.hpp"
#include "text.hpp"

namespace microhost::shared {

std::string event_message(const mh_event& e, bool between_brokers) {
    std::map<std::string_view, std::string_view>
        header;  // Go writes a map in the order of its keys
    for (uint32_t i = 0; i < e.n_headers; ++i)
        header[view(e.headers[i].key)] = view(e.headers[i].val);
    header["Micro-Topic"] = view(e.topic);
    header["Micro-Id"] = view(e.id);
    if (e.content_type.len) header["Content-Type"] = view(e.content_type);
    if (between_brokers) header[":topic"] = view(e.topic);
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("Header").begin_object();
    for (const auto& [key, value] : header) w.key(key).string(value);
    w.end_object().key("Body").string(base64_encode(view(e.body))).end_object();
    return out;
}

}  // namespace microhost::shared
