// SPDX-License-Identifier: Apache-2.0
/// Whether an admin surface may be reached from other machines.
#pragma once

#include <string>
#include <string_view>

namespace microhost::shared {

struct Reach {
    std::string address;  ///< of the listener
    bool tls = false;
    bool credential = false;  ///< something says who asks
    bool insecure = false;    ///< the operator wants it without either
};

/// Whether that address of a listener is reached from this machine only.
bool is_loopback_address(std::string_view address);

/// Throws mh::failure for one that others reach in plain text or without a credential: anybody could use it.
void check_reach(const Reach& r);

}  // namespace microhost::shared
