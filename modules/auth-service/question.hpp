// SPDX-License-Identifier: Apache-2.0
/// What the service is told about a request, and which requests are the same to the cache.
#pragma once

#include <microhost/request.hpp>

#include <optional>
#include <string>

#include "../shared/secret.hpp"
#include "settings.hpp"

namespace microhost::auth_service {

/// {"method", "path", "query", "host", "scheme", "client_ip", "headers": {...}}; names of fields in lower case, several of one
/// name joined by ", ".
std::string question(const mh::request& r, const Settings& s);

/// Nothing: this one is not kept, since it has none of the fields that would tell it from others.
std::optional<shared::Digest> cache_key(const mh::request& r, const Settings& s,
                                        std::string_view question, shared::Digester& digest);

}  // namespace microhost::auth_service
