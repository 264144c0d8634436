// SPDX-License-Identifier: Apache-2.0
/// Answers of the gateway itself.
#pragma once

#include <span>

#include "gateway.hpp"

namespace microhost::api {

inline constexpr std::string_view kJsonType = "application/json";

/// Head and body; `extra` are at most 8 further headers. No allocation.
mh_status respond(const Gateway& g, mh_req* r, uint32_t status, std::string_view content_type,
                  std::string_view body, std::span<const mh_kv> extra = {});

/// Micro's error JSON with this status as its code.
mh_status refuse(const Gateway& g, mh_req* r, uint32_t status, std::string_view id,
                 std::string_view detail, std::span<const mh_kv> extra = {});

/// 405 with Allow.
mh_status refuse_method(const Gateway& g, mh_req* r, std::string_view allow);

/// 404. The log gets the name that was looked up (empty: the path names none) and the nearest known one; a trusted peer too.
mh_status refuse_unknown(const Gateway& g, mh_req* r, std::string_view service);

/// 503: known, but no live node.
mh_status refuse_gone(const Gateway& g, mh_req* r, std::string_view service);

}  // namespace microhost::api
