// SPDX-License-Identifier: Apache-2.0
/// Private to host/json: which schemas are accepted, and how a violation is put into words.
#pragma once

#include <string>
#include <string_view>

#include "json/value.hpp"
#include "result.hpp"

namespace microhost::json {

/// Every keyword known and of the right form. RapidJSON trusts its schema (asserts, unbounded
/// patterns, ignored errors), so nothing reaches it unchecked.
Result<> check_schema(Value schema);

/// `pattern` within what RapidJSON's matcher does safely and in linear time.
Result<> check_pattern(std::string_view pattern);

/// The sentence for a value at `pointer` that breaks `keyword` of `schema`.
std::string explain(Value schema, std::string_view keyword, Value value, std::string_view pointer);

}  // namespace microhost::json
