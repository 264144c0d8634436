// SPDX-License-Identifier: Apache-2.0
/// Base64 (RFC 4648 section 4) for bodies that JSON cannot carry.
#pragma once

#include <string>
#include <string_view>

namespace microhost::shared {

std::string base64_encode(std::string_view bytes);
/// False for bytes outside the alphabet or a wrong length. Padding is required.
bool base64_decode(std::string_view text, std::string& out);

}  // namespace microhost::shared
