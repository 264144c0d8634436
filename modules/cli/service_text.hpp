// SPDX-License-Identifier: Apache-2.0
/// A service as Micro shows it.
#pragma once

#include <microhost/draft/registry.h>
#include <microhost/json.hpp>

#include <string>
#include <string_view>

namespace microhost::cli {

/// "a=1,b=2".
std::string pairs_text(const mh_kv* pairs, uint32_t n);
/// A request or response with its fields, one a line, tabs before them; "{}" for none.
std::string value_text(mh::json_value value);
/// "userName" -> "user_name", "ID" -> "id", as Micro's CamelToSnake.
std::string snake(std::string_view name);

/// All versions of a name: nodes of each, endpoints of the first. What `micro get service` prints.
std::string service_text(const mh_registry_view* view, std::string_view name);

}  // namespace microhost::cli
