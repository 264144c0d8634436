// SPDX-License-Identifier: Apache-2.0
/// What a client is told when a call to a service came to nothing.
#pragma once

#include <microhost/base.h>

#include <cstdint>
#include <string_view>

namespace microhost::shared {

struct CallFailure {
    uint32_t status;
    std::string_view detail;
};

/// A call that found a live node and could not use it is a bad gateway; without one the service is unavailable.
constexpr CallFailure call_failure(mh_status s) {
    switch (s) {
        case MH_E_TIMEOUT: return {504, "timeout: the service did not answer in time"};
        case MH_E_NOT_FOUND: return {404, "there is no such service"};
        case MH_E_UNAVAILABLE: return {503, "service has no live node"};
        case MH_E_UNREACHABLE: return {502, "the service cannot be reached"};
        case MH_E_LIMIT: return {502, "the answer of the service is too long"};
        case MH_E_CANCELLED: return {503, "the call was cancelled"};
        default: return {502, "the service broke the call off"};
    }
}

}  // namespace microhost::shared
