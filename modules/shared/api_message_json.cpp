// SPDX-License-Identifier: Apache-2.0
#include "api_message.hpp"
#include "base64.hpp"
#include "json_writer.hpp"
#include "text.hpp"

namespace microhost::shared {
namespace {

void write_map(JsonWriter& w, std::string_view name, const std::vector<ApiPair>& pairs) {
    if (pairs.empty()) return;
    w.key(name).begin_object();
    for (const ApiPair& pair : pairs) {
        w.key(pair.key).begin_object().key("key").string(pair.key).key("values").begin_array();
        for (const std::string& v : pair.values) w.string(v);
        w.end_array().end_object();
    }
    w.end_object();
}

void write_text(JsonWriter& w, std::string_view name, std::string_view text) {
    if (!text.empty()) w.key(name).string(text);
}

std::string_view text_of(const mh_json& json, const mh_json_value* v) {
    mh_str out{};
    return json.string(v, &out) == MH_OK ? view(out) : std::string_view();
}

void read_map(const mh_json& json, const mh_json_value* map, std::vector<ApiPair>& out) {
    for (uint32_t i = 0; i < json.count(map); ++i) {
        ApiPair pair{std::string(view(json.key_at(map, i))), {}};
        const mh_json_value* values = json.member(json.at(map, i), str("values"));
        for (uint32_t k = 0; k < json.count(values); ++k) {
            pair.values.emplace_back(text_of(json, json.at(values, k)));
        }
        out.push_back(std::move(pair));
    }
}

bool read_response(const mh_json& json, const mh_json_value* root, ApiResponse& m) {
    if (json.kind(root) != MH_JSON_OBJECT) return false;
    int64_t code = 0;
    const mh_json_value* status = json.member(root, str("statusCode"));
    if (status && json.integer(status, &code) != MH_OK) return false;
    m.status_code = code < 0 || code > 999 ? -1 : static_cast<int32_t>(code);
    const mh_json_value* header = json.member(root, str("header"));
    if (json.kind(header) == MH_JSON_OBJECT) read_map(json, header, m.header);
    const std::string_view body = text_of(json, json.member(root, str("body")));
    if (text_of(json, json.member(root, str("bodyEncoding"))) == "base64") {
        return base64_decode(body, m.body);
    }
    m.body = body;
    return true;
}

}  // namespace

std::string to_json(const ApiRequest& m) {
    std::string out;
    JsonWriter w(out);
    w.begin_object();
    write_text(w, "method", m.method);
    write_text(w, "path", m.path);
    write_map(w, "header", m.header);
    write_map(w, "get", m.get);
    write_map(w, "post", m.post);
    if (is_utf8(m.body)) {
        write_text(w, "body", m.body);
    } else {
        w.key("body").string(base64_encode(m.body)).key("bodyEncoding").string("base64");
    }
    write_text(w, "url", m.url);
    w.end_object();
    return out;
}

std::optional<ApiResponse> response_from_json(const mh_json& json, std::string_view text) {
    mh_json_doc* doc = nullptr;
    if (json.parse(str(text), &doc) != MH_OK) return std::nullopt;
    ApiResponse m;
    const bool ok = read_response(json, json.root(doc), m);
    json.release(doc);
    if (!ok) return std::nullopt;
    return m;
}

}  // namespace microhost::shared
