// SPDX-License-Identifier: Apache-2.0
/// The text records of Micro: JSON, packed by zlib, in hexadecimal digits, cut into strings of 255.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::registry_mdns {

/// More JSON than this is nobody's service: a few bytes can be packed so that they become megabytes.
constexpr size_t kMostJson = 256 * 1024;

/// Throws std::bad_alloc.
std::vector<std::string> encode_txt(std::string_view json);

/// Nothing for what is not packed so, or becomes longer than kMostJson.
std::optional<std::string> decode_txt(const std::vector<std::string>& texts);

}  // namespace microhost::registry_mdns
