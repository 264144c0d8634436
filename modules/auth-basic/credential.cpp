// SPDX-License-Identifier: Apache-2.0
#include "credential.hpp"

#include "../shared/base64.hpp"
#include "../shared/json_writer.hpp"
#include "../shared/password_hash.hpp"
#include "../shared/secret.hpp"

namespace microhost::auth_basic {

using shared::kLongestPassword;

bool read_credential(std::string_view text, Credential& out) {
    std::string plain;
    const size_t most = (255 + 1 + kLongestPassword) * 4 / 3 + 4;
    bool good = text.size() <= most && shared::base64_decode(text, plain) && shared::is_utf8(plain);
    for (const char c : plain) good = good && static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    const size_t colon = plain.find(':');
    good =
        good && colon != plain.npos && colon != 0 && plain.size() - colon - 1 <= kLongestPassword;
    if (good) {
        out.user = plain.substr(0, colon);
        out.password = plain.substr(colon + 1);
    }
    shared::wipe(plain);
    return good;
}

}  // namespace microhost::auth_basic
