// SPDX-License-Identifier: Apache-2.0
#include "codec.hpp"

#include <algorithm>
#include <charconv>

#include "../shared/base64.hpp"
#include "../shared/json_writer.hpp"

namespace microhost::registry_etcd {
namespace {

/// Strict: padding, and the one spelling that the bytes have.
bool decode(mh::json_value v, std::string& out) {
    out.clear();
    if (v.is_null()) return true;  // empty bytes are left out
    const auto text = v.string();
    if (!text || !shared::base64_decode(*text, out)) return false;
    const size_t rest = out.size() % 3;
    return rest == 0 ||
           text->ends_with(shared::base64_encode(std::string_view(out).substr(out.size() - rest)));
}

/// Absent: 0, as etcd leaves it out.
bool number(mh::json_value v, int64_t& out) {
    out = 0;
    if (v.is_null()) return true;
    const auto n = read_int64(v);
    if (n) out = *n;
    return n.has_value();
}

bool flag(mh::json_value v) { return v.boolean().value_or(false); }

std::string text_of(mh::json_value v) { return std::string(v.string().value_or("")); }

bool key_value(mh::json_value v, KeyValue& out) {
    return v.kind() == MH_JSON_OBJECT && decode(v["key"], out.key) && !out.key.empty() &&
           decode(v["value"], out.value) && number(v["mod_revision"], out.mod_revision) &&
           out.mod_revision >= 0;
}

bool event(mh::json_value v, Event& out) {
    const mh::json_value type = v["type"];  // PUT is the default, and left out
    const std::string_view name = type.is_null() ? "PUT" : type.string().value_or("");
    out.deleted = name == "DELETE";
    return (out.deleted || name == "PUT") && key_value(v["kv"], out.kv);
}

template <class T, class Read>
bool list(mh::json_value v, std::vector<T>& out, Read read) {
    if (v.is_null()) return true;
    if (v.kind() != MH_JSON_ARRAY) return false;
    out.reserve(v.count());
    for (uint32_t i = 0; i < v.count(); ++i) {
        if (!read(v.at(i), out.emplace_back())) return false;
    }
    return true;
}

std::string quoted64(std::string_view bytes) { return '"' + shared::base64_encode(bytes) + '"'; }
std::string quoted(int64_t n) { return '"' + std::to_string(n) + '"'; }

std::string span(std::string_view from, std::string_view end) {
    return R"("key":)" + quoted64(from) + R"(,"range_end":)" + quoted64(end);
}

}  // namespace

std::string range_end(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
    if (end.empty()) return std::string(1, '\0');  // to the last key
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return end;
}

std::string key_of(std::string_view folder, std::string_view service, std::string_view node) {
    std::string out(folder);
    for (const std::string_view part : {service, node}) {
        if (out.size() > folder.size()) out += '/';
        const size_t at = out.size();
        out += part;
        std::replace(out.begin() + static_cast<std::ptrdiff_t>(at), out.end(), '/', '-');
    }
    return out;
}

std::string range_request(std::string_view from, std::string_view end, int64_t limit,
                          int64_t revision) {
    std::string out = "{" + span(from, end) + R"(,"limit":)" + quoted(limit);
    if (revision > 0) out += R"(,"revision":)" + quoted(revision);
    return out + "}";
}

std::string count_request(std::string_view from, std::string_view end) {
    return "{" + span(from, end) + R"(,"count_only":true})";
}

std::string watch_request(std::string_view from, std::string_view end, int64_t revision) {
    return R"({"create_request":{)" + span(from, end) + R"(,"start_revision":)" + quoted(revision) +
           R"(,"progress_notify":true,"fragment":true}})";
}

std::string grant_request(int64_t ttl_s) { return R"({"TTL":)" + quoted(ttl_s) + "}"; }

std::string put_request(std::string_view key, std::string_view value, int64_t lease) {
    return R"({"key":)" + quoted64(key) + R"(,"value":)" + quoted64(value) + R"(,"lease":)" +
           quoted(lease) + "}";
}

std::string lease_request(int64_t lease) { return R"({"ID":)" + quoted(lease) + "}"; }

std::string authenticate_request(std::string_view user, std::string_view password) {
    std::string out;
    shared::JsonWriter(out)
        .begin_object()
        .key("name")
        .string(user)
        .key("password")
        .string(password)
        .end_object();
    return out;
}

std::optional<int64_t> read_int64(mh::json_value v) {
    if (const auto n = v.integer()) return n;
    const auto text = v.string();
    if (!text) return {};
    int64_t out = 0;
    const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), out);
    if (text->empty() || ec != std::errc{} || end != text->data() + text->size()) return {};
    return out;
}

std::optional<Header> read_header(mh::json_value root) {
    const mh::json_value h = root["header"];
    Header out;
    if (h.kind() != MH_JSON_OBJECT || !number(h["revision"], out.revision)) return {};
    out.cluster = text_of(h["cluster_id"]);
    return out;
}

std::optional<Range> read_range(mh::json_value root) {
    const auto header = read_header(root);
    Range out;
    if (!header || !number(root["count"], out.count)) return {};
    out.header = *header;
    out.more = flag(root["more"]);
    if (!list(root["kvs"], out.kvs, key_value)) return {};
    return out;
}

std::optional<Watched> read_watch(std::string_view message) {
    const mh::json_document document(message);
    const mh::json_value root = document.root();
    Watched out;
    if (const mh::json_value error = root["error"]; !error.is_null()) {
        out.canceled = true;
        out.reason = text_of(error.kind() == MH_JSON_OBJECT ? error["message"] : error);
        return out;
    }
    const mh::json_value result = root["result"];
    const auto header = read_header(result);
    if (!header || !number(result["compact_revision"], out.compact_revision)) return {};
    out.header = *header;
    out.created = flag(result["created"]), out.canceled = flag(result["canceled"]);
    out.fragment = flag(result["fragment"]);
    out.reason = text_of(result["cancel_reason"]);
    if (!list(result["events"], out.events, event)) return {};
    return out;
}

std::optional<Refusal> read_refusal(mh::json_value root) {
    const auto code = read_int64(root["code"]);
    if (root.kind() != MH_JSON_OBJECT || !code) return {};
    const std::string text = text_of(root["message"]);
    return Refusal{*code, text.empty() ? text_of(root["error"]) : text};
}

}  // namespace microhost::registry_etcd
