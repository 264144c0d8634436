// SPDX-License-Identifier: Apache-2.0
/// The error body that everything of ours answers with: Micro's {"id","code","detail","status"}.
#pragma once

#include <cstddef>
#include <string_view>

namespace microhost::http {

/// Writes the JSON into `out` and returns it; `detail` is cut where `cap` would not hold it. `cap` at least 256.
std::string_view error_json(char* out, size_t cap, std::string_view id, unsigned status,
                            std::string_view detail);

}  // namespace microhost::http
