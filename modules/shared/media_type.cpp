// SPDX-License-Identifier: Apache-2.0
#include "media_type.hpp"

#include "text.hpp"

namespace microhost::shared {
namespace {

constexpr std::string_view kJson = "application/json";

// Micro took every unknown type for JSON; text/plain and forms are what people's curl lines rely on.
constexpr MediaType kTypes[] = {
    {kJson, Media::json, kJson},
    {"application/protobuf", Media::protobuf, "application/protobuf"},
    {"application/proto", Media::protobuf, "application/proto"},
    {"application/x-protobuf", Media::protobuf, "application/x-protobuf"},
    {"application/x-www-form-urlencoded", Media::form, kJson},
    {"application/json-rpc", Media::json_rpc, "application/json-rpc"},
    {"text/plain", Media::json, kJson},
    {"text/json", Media::json, "text/json"},
    {"*/*", Media::json, kJson},
};
constexpr MediaType kUnsupported{"", Media::unsupported, kJson};

}  // namespace

std::string_view without_parameters(std::string_view content_type) {
    return trim(content_type.substr(0, content_type.find(';')));
}

const MediaType* media_type(std::string_view content_type) {
    if (is(content_type, "application/json")) return &kTypes[0];
    const std::string_view name = without_parameters(content_type);
    if (name.empty()) return &kTypes[0];
    for (const MediaType& t : kTypes) {
        if (iequals(t.name, name)) return &t;
    }
    return &kUnsupported;
}

}  // namespace microhost::shared
