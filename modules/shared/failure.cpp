// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"

#include <microhost/host.hpp>

#include "call_failure.hpp"
#include "error_json.hpp"
#include "text.hpp"

namespace microhost::shared {
namespace {

/// An error of the service itself goes as it is.
Failure of_service(std::string_view error, std::string_view id) {
    const ServiceError e = parse_error(&mh::use<mh_json>(), error);
    if (e.code == 0) return {500, error_json(id, 500, "error during request: " + e.detail)};
    const bool is_status = e.code >= 400 && e.code <= 599;
    return {is_status ? static_cast<unsigned>(e.code) : 500, error_json(e)};
}

std::string unknown(std::string_view service) {
    const mh_registry& registry = mh::use<mh_registry>();
    const mh_str near = registry.nearest(registry.now(mh::the_host), mh::lend(service));
    std::string out = "service not found: " + std::string(service);
    if (near.len) out.append(" (nearest: ").append(mh::view(near)).append(")");
    return out;
}

}  // namespace

Failure failure_of(mh_status s, std::string_view error, std::string_view service,
                   std::string_view id) {
    if (s == MH_E_INVALID) return of_service(error, id);
    const CallFailure failure = call_failure(s);
    std::string detail(failure.detail);
    if (s == MH_E_NOT_FOUND)
        detail = unknown(service);
    else if (!error.empty())
        detail += ": " + parse_error(&mh::use<mh_json>(), error).detail;
    return {failure.status, error_json(id, failure.status, detail)};
}

}  // namespace microhost::shared
