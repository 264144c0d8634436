// SPDX-License-Identifier: Apache-2.0
/// What the service says about a request.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "../shared/identity.hpp"

namespace microhost::auth_service {

/// {"allow", "status", "subject", "roles", "claims", "set_headers", "message"}
struct Decision {
    bool allow = false;
    unsigned status = 403;  ///< of a no
    std::string message;    ///< of a no
    /// Of a yes: who asks, and fields for the handler. Of a no: fields of the response.
    shared::Identity who;

    /// Nothing, and in `why` a part of a sentence, for anything that is not such an object: a decision that is half understood
    /// is none.
    static std::optional<Decision> read(std::string_view json, std::string& why);
};

}  // namespace microhost::auth_service
