// SPDX-License-Identifier: Apache-2.0
/// Which content types the gateway turns into calls, and what it answers with.
#pragma once

#include <string_view>

namespace microhost::shared {

enum class Media { json, json_rpc, form, protobuf, unsupported };

struct MediaType {
    std::string_view name;  ///< lower case, without parameters
    Media media;
    std::string_view answer;  ///< Content-Type of a response to such a request
};

/// The entry for a Content-Type value; the one of "application/json" for an empty value. Never null; entries live for ever.
const MediaType* media_type(std::string_view content_type);

/// The value up to ";".
std::string_view without_parameters(std::string_view content_type);

}  // namespace microhost::shared
