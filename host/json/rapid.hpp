// SPDX-License-Identifier: Apache-2.0
/// Private to host/json: the one place that includes RapidJSON, and the cast between its values and
/// ours.
#pragma once

#include <rapidjson/document.h>

#include "json/value.hpp"

namespace microhost::json {

inline const rapidjson::Value& rapid(const Node* node) {
    return *reinterpret_cast<const rapidjson::Value*>(node);
}

inline Value view(const rapidjson::Value& v) { return Value{reinterpret_cast<const Node*>(&v)}; }

}  // namespace microhost::json
