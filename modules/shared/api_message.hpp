// SPDX-License-Identifier: Apache-2.0
/// The messages of Micro's api handler (go-micro api/proto/api.proto, package go.api) and their two codecs.
#pragma once

#include <microhost/draft/json.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::shared {

/// go.api.Pair: a name with all its values.
struct ApiPair {
    std::string key;
    std::vector<std::string> values;
};

struct ApiRequest {
    std::string method;
    std::string path;
    std::vector<ApiPair> header;
    std::vector<ApiPair> get;
    std::vector<ApiPair> post;
    std::string_view body;  ///< lent
    std::string url;
};

struct ApiResponse {
    int32_t status_code = 0;  ///< 0 means 200
    std::vector<ApiPair> header;
    std::string body;
};

/// go.api.Event: an HTTP request that is published.
struct ApiEvent {
    std::string name;
    std::string id;
    int64_t timestamp = 0;  ///< seconds since 1970
    std::vector<ApiPair> header;
    std::string data;
};

/// Adds a value under a key; both keep their order.
void add_pair(std::vector<ApiPair>& pairs, std::string_view key, std::string_view value);

std::string to_protobuf(const ApiRequest& m);
std::string to_protobuf(const ApiEvent& m);
/// A body that is not UTF-8 goes as base64, marked by the member "bodyEncoding":"base64".
std::string to_json(const ApiRequest& m);

/// Unknown fields are skipped; nothing for bytes that are no such message.
std::optional<ApiResponse> response_from_protobuf(std::string_view bytes);
std::optional<ApiResponse> response_from_json(const mh_json& json, std::string_view text);

}  // namespace microhost::shared
