// SPDX-License-Identifier: Apache-2.0
/// Turns a query or form into the JSON object that an endpoint expects. Micro's rules ("a[b]=1" nests, "a[]=1" is an array),
/// but the endpoint's registered request schema decides how a value is written.
#pragma once

#include <microhost/draft/json.h>

#include <string>
#include <string_view>

namespace microhost::shared {

/// Bounds on hostile input.
inline constexpr size_t kMaxQueryDepth = 16;

struct QueryResult {
    bool ok = false;
    std::string text;  ///< the JSON, or why the query is refused
};

/// `schema` is Micro's Value ({"name","type","values"}) of the request, or null. Without a schema a value that is JSON (number,
/// bool, null, quoted string, object, array) is taken as such, everything else is a string. `json` may be null without schema:
/// objects and quoted strings are strings then.
QueryResult query_to_json(std::string_view query, const mh_json* json, const mh_json_value* schema);

}  // namespace microhost::shared
