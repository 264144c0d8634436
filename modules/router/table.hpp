// SPDX-License-Identifier: Apache-2.0
/// Rules as they stand in the configuration.
#pragma once

#include <microhost/json.hpp>

#include <optional>
#include <string>
#include <vector>

#include "rule.hpp"

namespace microhost::router {

/// The members of a target and of a rule in a schema; the filter's targets are the few that need no upstream.
#define MH_ROUTER_TARGET                                                                         \
    R"("type":"object","additionalProperties":false,"properties":{"service":{"type":"string"},)" \
    R"("version":{"type":"string"},"endpoint":{"type":"string"},"url":{"type":"string"},)"       \
    R"("path":{"type":"string"},"keep_host":{"type":"boolean"},"redirect":{"type":"string"},)"   \
    R"("status":{"type":"integer","minimum":200,"maximum":599},"body":{"type":"string"},)"       \
    R"("content_type":{"type":"string"},"headers":{"type":"object","additionalProperties":)"     \
    R"({"type":"string"}},"weight":{"type":"integer","minimum":0,"maximum":1000000}})"
#define MH_ROUTER_RULES                                                                           \
    R"("type":"array","items":{"type":"object","additionalProperties":false,"properties":{)"      \
    R"("name":{"type":"string"},"method":{"type":"array","items":{"type":"string"}},)"            \
    R"("host":{"type":"array","items":{"type":"string"}},"path":{"type":"string"},)"              \
    R"("prefix":{"type":"string"},"template":{"type":"string"},"header":{"type":"object",)"       \
    R"("additionalProperties":{"type":"string"}},"query":{"type":"object",)"                      \
    R"("additionalProperties":{"type":"string"}},"by":{"type":"string"},"to":{)" MH_ROUTER_TARGET \
    R"(},"split":{"type":"array","minItems":1,"items":{)" MH_ROUTER_TARGET "}}}}"

/// Who reads a rule: a filter has no upstreams, a handler nobody behind it who would see another path.
enum class Reader { filter, handler };

/// All of these throw mh::failure with the place below `pointer` when something is wrong.
std::vector<Rule> read_rules(mh::json_value list, const std::string& pointer, Reader reader);
std::optional<Target> read_target(mh::json_value v, const std::string& pointer, Reader reader,
                                  const std::vector<std::string>& parts);

}  // namespace microhost::router
