// SPDX-License-Identifier: Apache-2.0
#include "rpc/asked.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "http/names.hpp"
#include "rpc/mucp.hpp"

namespace microhost::rpc::mucp {
namespace {

using http::str;
using http::view;

constexpr size_t kLongestError = 8 * 1024;

std::string_view either(const http::Headers& h, uint32_t id, uint32_t old) {
    return h.has(id) ? h.value(id) : h.value(old);
}

/// Names that have no id: Micro-Protocol, Micro-Target, X-Micro-Topic and the like.
bool has_named(const http::Headers& h, std::string_view name) {
    for (uint32_t i = 0; i < h.count; i++)
        if (!h.fields[i].id && http::iequals(view(h.fields[i].name), name)) return true;
    return false;
}

// go-micro's rule for the framing of old clients.
bool is_bare(const http::Headers& h) {
    if (h.has(MH_H_X_MICRO_TARGET) || has_named(h, "micro-target")) return true;
    for (uint32_t id :
         {MH_H_MICRO_SERVICE, MH_H_MICRO_ENDPOINT, MH_H_MICRO_METHOD, MH_H_MICRO_TOPIC,
          MH_H_X_MICRO_SERVICE, MH_H_X_MICRO_ENDPOINT, MH_H_X_MICRO_METHOD})
        if (h.has(id)) return false;
    return !has_named(h, "x-micro-topic") && !has_named(h, "micro-protocol") &&
           !has_named(h, "x-micro-protocol");
}

// Nanoseconds.
uint64_t timeout_of(std::string_view text) {
    uint64_t ns = 0;
    auto r = std::from_chars(text.data(), text.data() + text.size(), ns);
    if (text.empty() || r.ec != std::errc{} || r.ptr != text.data() + text.size() || !ns) return 0;
    return std::clamp<uint64_t>(ns / 1'000'000, 1, UINT32_MAX - 1);
}

}  // namespace

Asked Asked::of(const http::Headers& h) {
    Asked a;
    a.service = either(h, MH_H_MICRO_SERVICE, MH_H_X_MICRO_SERVICE);
    a.endpoint = either(h, MH_H_MICRO_ENDPOINT, MH_H_X_MICRO_ENDPOINT);
    if (a.endpoint.empty()) a.endpoint = either(h, MH_H_MICRO_METHOD, MH_H_X_MICRO_METHOD);
    a.id = either(h, MH_H_MICRO_ID, MH_H_X_MICRO_ID);
    a.from_service = h.value(MH_H_MICRO_FROM_SERVICE);
    a.stream = h.value(MH_H_MICRO_STREAM);
    a.has_stream = h.has(MH_H_MICRO_STREAM);
    a.error = either(h, MH_H_MICRO_ERROR, MH_H_X_MICRO_ERROR);
    a.content_type = h.value(MH_H_CONTENT_TYPE);
    a.bare = is_bare(h);
    a.timeout_ms = timeout_of(h.value(MH_H_TIMEOUT));
    for (std::string_view s : {a.service, a.endpoint, a.id, a.from_service, a.stream})
        a.too_long = a.too_long || s.size() > kLongestName;
    if (a.too_long) a.service = a.endpoint = a.id = a.from_service = a.stream = {};
    return a;
}

Coding coding_of(std::string_view type, bool bare) {
    constexpr std::string_view kJson = "application/json", kProto = "application/protobuf";
    type = http::trim(type.substr(0, type.find(';')));
    if (type.empty()) type = kProto;
    if (http::iequals(type, kJson)) return {true, bare ? Envelope::json : Envelope::none, kJson};
    if (http::iequals(type, kProto)) return {true, bare ? Envelope::proto : Envelope::none, kProto};
    if (http::iequals(type, "application/json-rpc")) return {true, Envelope::json, kJson};
    if (http::iequals(type, "application/proto-rpc")) return {true, Envelope::proto, kProto};
    if (http::iequals(type, "application/octet-stream"))
        return {true, bare ? Envelope::proto : Envelope::none, type};
    return {};
}

bool is_metadata(const mh_header& h) {
    if (h.id) return !http::skip_hop_by_hop(h.id) && !http::in(kNotMetadata, h.id);
    const std::string_view name = view(h.name);
    return !http::iequals(name.substr(0, 6), "micro-") &&
           !http::iequals(name.substr(0, 8), "x-micro-");
}

void Fields::add(std::string_view name, std::string_view value) {
    if (count_ < rows_.size()) rows_[count_++] = {str(name), str(value)};
}

void answer_fields(Fields& out, const Asked& a, std::string_view content_type,
                   std::string_view error) {
    if (!content_type.empty()) out.add("Content-Type", content_type);
    if (!a.endpoint.empty()) out.add("Micro-Endpoint", a.endpoint);
    if (!error.empty()) out.add("Micro-Error", error);
    if (!a.id.empty()) out.add("Micro-Id", a.id);
    if (!a.endpoint.empty()) out.add("Micro-Method", a.endpoint);
    if (!a.service.empty()) out.add("Micro-Service", a.service);
    if (a.has_stream) out.add("Micro-Stream", a.stream);
    if (!error.empty()) out.add("X-Micro-Error", error);
    if (!a.id.empty()) out.add("X-Micro-Id", a.id);
}

std::string error_line(std::string_view text) {
    std::string line(text.substr(0, kLongestError));
    for (char& c : line)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    const std::string_view bare = http::trim(line);
    return bare.empty() ? "unknown error" : std::string(bare);
}

}  // namespace microhost::rpc::mucp
