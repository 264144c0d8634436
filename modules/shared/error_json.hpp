// SPDX-License-Identifier: Apache-2.0
/// Micro's error object: {"id","code","detail","status"} in this order (go-micro errors/errors.go).
#pragma once

#include <microhost/draft/json.h>

#include <string>
#include <string_view>

namespace microhost::shared {

struct ServiceError {
    std::string id;
    int64_t code = 0;  ///< 0: the text was no error object
    std::string detail;
    std::string status;
};

/// "Not Found" for 404; empty for codes without a text.
std::string_view reason_text(int64_t code);

std::string error_json(const ServiceError& e);
/// With the status text that belongs to the code.
std::string error_json(std::string_view id, int64_t code, std::string_view detail);

/// Reads an error object; any other text becomes the detail with code 0. `json` may be null.
ServiceError parse_error(const mh_json* json, std::string_view text);

}  // namespace microhost::shared
