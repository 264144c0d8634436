// SPDX-License-Identifier: Apache-2.0
/// User and password of an Authorization field (RFC 7617).
#pragma once

#include <string>
#include <string_view>

namespace microhost::auth_basic {

struct Credential {
    std::string user, password;
};

/// `text` is what follows "Basic ". False for anything that no browser sends: broken base64, no colon, control bytes, bytes
/// that are no UTF-8, an empty user, too long a password.
bool read_credential(std::string_view text, Credential& out);

}  // namespace microhost::auth_basic
