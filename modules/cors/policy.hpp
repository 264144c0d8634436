// SPDX-License-Identifier: Apache-2.0
/// What a browser is told about a request from another origin (Fetch standard, section 3.2).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "../shared/cors_origins.hpp"

namespace microhost::cors {

/// Empty lists allow nothing. "*" in a list of methods or fields allows what the browser asks for.
struct Policy {
    shared::CorsOrigins origins;
    std::string methods, headers, expose;  ///< as they are sent
    bool any_method = false, any_header = false;
    bool credentials = false;
    std::string max_age;
    bool private_network = false;

    bool allows(std::string_view origin) const { return origins.any() || origins.lists(origin); }
    /// What Access-Control-Allow-Origin says to an allowed origin: "*" only where it got in by that.
    std::string_view told(std::string_view origin) const;
    /// Never for an origin that only "*" lets in: that would hand a user's cookies to every page.
    bool with_credentials(std::string_view origin) const;
};

/// "a, b"; `any` when one of them is "*".
std::string joined(std::span<const std::string_view> items, bool& any);

/// A page that calls where it came from is no other origin, though browsers send Origin there, too.
bool same_origin(std::string_view origin, std::string_view scheme, std::string_view authority);

}  // namespace microhost::cors
