// SPDX-License-Identifier: Apache-2.0
#include "message.hpp"

#include <microhost/json.hpp>

#include "../shared/base64.hpp"
#include "../shared/text.hpp"

namespace microhost::broker_http {
namespace {

constexpr std::string_view kTopic = ":topic", kContentType = "Content-Type", kId = "Micro-Id";

}  // namespace

mh_event Message::lend(std::vector<mh_kv>& rows) const {
    rows.clear();
    for (const auto& [key, value] : headers) rows.push_back({mh::lend(key), mh::lend(value)});
    mh_event e{};
    e.size = sizeof e;
    e.n_headers = static_cast<uint32_t>(rows.size());
    e.topic = mh::lend(topic);
    e.content_type = mh::lend(content_type);
    e.headers = rows.data();
    e.body = mh::bytes(body);
    e.id = mh::lend(id);
    return e;
}

std::optional<Message> read_message(std::string_view json, std::string& why) {
    const mh::json_document document(json);
    if (!document || document.root().kind() != MH_JSON_OBJECT)
        return why = "the message is no JSON object", std::nullopt;
    const mh::json_value header = document.root()["Header"], body = document.root()["Body"];
    Message m;
    for (uint32_t i = 0; i < header.count(); ++i) {
        const std::string_view key = header.key_at(i);
        const auto value = header.at(i).string();
        if (!value) return why = "a header that is no text", std::nullopt;
        if (key == kTopic)
            m.topic = *value;
        else if (shared::iequals(key, kContentType))
            m.content_type = *value;
        else if (shared::iequals(key, kId))
            m.id = *value;
        else
            m.headers.emplace_back(key, *value);
    }
    if (m.topic.empty()) return why = "Topic not found", std::nullopt;
    if (!body.is_null() && (!body.string() || !shared::base64_decode(*body.string(), m.body)))
        return why = "the body is no base64", std::nullopt;
    return m;
}

}  // namespace microhost::broker_http
