// SPDX-License-Identifier: Apache-2.0
/// Base64 (RFC 4648 section 4) for what JSON and header fields cannot carry.
#pragma once

#include <string>
#include <string_view>

namespace microhost::shared {

std::string base64_encode(std::string_view bytes);
/// False for bytes outside the alphabet or a wrong length. Padding is required.
bool base64_decode(std::string_view text, std::string& out);
/// The URL-safe alphabet without padding (RFC 7515 section 2), in its one spelling: bits that are left over must be 0.
bool base64url_decode(std::string_view text, std::string& out);

}  // namespace microhost::shared
