// SPDX-License-Identifier: Apache-2.0
#include "event_handler.hpp"

#include <microhost/draft/event.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "../shared/api_message.hpp"
#include "../shared/json_writer.hpp"
#include "../shared/metadata.hpp"
#include "../shared/random_uuid.hpp"
#include "../shared/text.hpp"
#include "../shared/url_encoding.hpp"
#include "answer.hpp"
#include "api_handler.hpp"
#include "call.hpp"

namespace microhost::api {
namespace {

using shared::str;
using shared::view;

bool is_version(std::string_view part) {
    return part.size() > 1 && part.front() == 'v' &&
           std::all_of(part.begin() + 1, part.end(), shared::is_digit);
}

std::string joined(const std::vector<std::string_view>& parts, size_t from, size_t to) {
    std::string out;
    for (size_t i = from; i < to; ++i) {
        if (i > from) out += '.';
        out += parts[i];
    }
    return out;
}

/// As Go writes url.Values: every value in a list, keys in order.
std::string json_of_query(std::string_view query) {
    std::vector<shared::FormPair> pairs;
    shared::parse_form(query, pairs);
    std::map<std::string, std::vector<std::string>> values;
    for (shared::FormPair& p : pairs) values[p.key].push_back(std::move(p.value));
    std::string out;
    shared::JsonWriter w(out);
    w.begin_object();
    for (const auto& [key, all] : values) {
        w.key(key).begin_array();
        for (const std::string& v : all) w.string(v);
        w.end_array();
    }
    w.end_object();
    return out;
}

void refuse_topic(const Gateway& g, mh_req* r) {
    refuse(g, r, 400, g.settings.error_id,
           "the path names no topic that events can be published on");
}

void publish(const Gateway& g, mh_req* r, std::string_view body) {
    std::string path;
    if (!shared::percent_decode(g.attr(r, MH_ATTR_PATH), false, path)) return refuse_topic(g, r);
    const EventRoute route = event_route(g.settings.ns, path);
    const bool is_get = g.attr(r, MH_ATTR_METHOD) == "GET";
    shared::ApiEvent m;
    m.name = route.name;
    m.id = route.topic + "-" + route.name + "-" + shared::random_uuid();
    m.timestamp = std::chrono::duration_cast<std::chrono::seconds>(
                      std::chrono::system_clock::now().time_since_epoch())
                      .count();
    m.header = event_headers(g, r);
    m.data = is_get ? json_of_query(g.attr(r, MH_ATTR_QUERY)) : std::string(body);
    const std::string bytes = shared::to_protobuf(m);

    const mh_header* headers = nullptr;
    uint32_t n = 0;
    if (g.http->headers(r, MH_DIR_REQUEST, &headers, &n) != MH_OK) n = 0;
    shared::Metadata metadata;
    shared::collect_metadata(*g.http, r, {headers, n}, metadata);
    std::vector<mh_kv> fields(metadata.fields, metadata.fields + metadata.count);
    fields.resize(std::min<size_t>(fields.size(), 63));  // an event has 64 at most
    fields.push_back({str("Micro-From-Service"), str(kServerName)});

    mh_event e{};
    e.size = sizeof e;
    e.topic = str(route.topic);
    e.content_type = str("application/protobuf");
    e.headers = fields.data();
    e.n_headers = static_cast<uint32_t>(fields.size());
    e.body = shared::seg(bytes);
    switch (g.events->publish(g.host, &e, 0)) {
        case MH_OK: respond(g, r, 200, {}, {}); return;
        case MH_E_BUSY:
            refuse(g, r, 503, g.settings.error_id, "the broker cannot take more events now");
            return;
        case MH_E_LIMIT:
            refuse(g, r, 413, g.settings.error_id, "the request is too large for an event");
            return;
        default: refuse_topic(g, r);
    }
}

void on_body(mh_req* r, void* user, mh_status s, mh_seg body) noexcept {
    const Gateway& g = static_cast<Shard*>(user)->gateway;
    try {
        if (!answer_bad_body(g, r, s, g.settings.error_id)) publish(g, r, view(body));
    } catch (...) {
        g.http->respond(r, 500, nullptr, 0, nullptr, 0);
    }
}

}  // namespace

EventRoute event_route(std::string_view ns, std::string_view path) {
    std::vector<std::string_view> parts;
    shared::for_each_item(path, '/', [&](std::string_view part) { parts.push_back(part); });
    if (parts.empty()) return {std::string(ns), "event"};
    const size_t named = parts.size() >= 2 && is_version(parts[0]) ? 2 : 1;
    std::string topic(ns);
    if (!topic.empty()) topic += '.';
    return {topic + joined(parts, 0, named), joined(parts, 1, parts.size())};
}

mh_status handle_event(Shard& shard, mh_req* r) {
    const Gateway& g = shard.gateway;
    if ((g.http->flags(r) & MH_REQ_HAS_BODY) != 0)
        return g.http->collect(r, g.settings.max_body, &on_body, &shard);
    publish(g, r, {});
    return MH_OK;
}

}  // namespace microhost::api
