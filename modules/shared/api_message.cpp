// SPDX-License-Identifier: Apache-2.0
#include "api_message.hpp"

#include "protobuf.hpp"

namespace microhost::shared {
namespace {

// Field numbers of api.proto.
enum RequestField : uint32_t { kMethod = 1, kPath, kHeader, kGet, kPost, kBody, kUrl };
enum ResponseField : uint32_t { kStatusCode = 1, kResponseHeader, kResponseBody };
enum EventField : uint32_t { kName = 1, kId, kTimestamp, kEventHeader, kData };

/// A map<string, Pair> is a repeated message of key = 1 and value = 2.
void append_map(std::string& out, uint32_t field, const std::vector<ApiPair>& pairs) {
    for (const ApiPair& pair : pairs) {
        std::string value;
        append_nonempty(value, 1, pair.key);
        for (const std::string& v : pair.values) append_field(value, 2, v);
        std::string entry;
        append_nonempty(entry, 1, pair.key);
        append_field(entry, 2, value);
        append_field(out, field, entry);
    }
}

bool read_pair(std::string_view bytes, ApiPair& pair) {
    ProtoReader fields(bytes);
    while (fields.next()) {
        if (fields.number() == 2 && fields.is_bytes()) pair.values.emplace_back(fields.bytes());
    }
    return fields.ok();
}

bool read_entry(std::string_view bytes, ApiPair& pair) {
    ProtoReader fields(bytes);
    while (fields.next()) {
        if (fields.number() == 1 && fields.is_bytes()) pair.key = fields.bytes();
        if (fields.number() == 2 && fields.is_bytes() && !read_pair(fields.bytes(), pair))
            return false;
    }
    return fields.ok();
}

}  // namespace

void add_pair(std::vector<ApiPair>& pairs, std::string_view key, std::string_view value) {
    for (ApiPair& pair : pairs) {
        if (pair.key != key) continue;
        pair.values.emplace_back(value);
        return;
    }
    pairs.push_back({std::string(key), {std::string(value)}});
}

std::string to_protobuf(const ApiRequest& m) {
    std::string out;
    append_nonempty(out, kMethod, m.method);
    append_nonempty(out, kPath, m.path);
    append_map(out, kHeader, m.header);
    append_map(out, kGet, m.get);
    append_map(out, kPost, m.post);
    append_nonempty(out, kBody, m.body);
    append_nonempty(out, kUrl, m.url);
    return out;
}

std::string to_protobuf(const ApiEvent& m) {
    std::string out;
    append_nonempty(out, kName, m.name);
    append_nonempty(out, kId, m.id);
    append_varint_field(out, kTimestamp, static_cast<uint64_t>(m.timestamp));
    append_map(out, kEventHeader, m.header);
    append_nonempty(out, kData, m.data);
    return out;
}

std::optional<ApiResponse> response_from_protobuf(std::string_view bytes) {
    ApiResponse m;
    ProtoReader fields(bytes);
    while (fields.next()) {
        if (fields.number() == kStatusCode && fields.is_varint()) {
            m.status_code = static_cast<int32_t>(fields.varint());
        } else if (fields.number() == kResponseHeader && fields.is_bytes()) {
            ApiPair pair;
            if (!read_entry(fields.bytes(), pair)) return std::nullopt;
            m.header.push_back(std::move(pair));
        } else if (fields.number() == kResponseBody && fields.is_bytes()) {
            m.body = fields.bytes();
        }
    }
    if (!fields.ok()) return std::nullopt;
    return m;
}

}  // namespace microhost::shared
