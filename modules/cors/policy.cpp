// SPDX-License-Identifier: Apache-2.0
#include "policy.hpp"

#include "../shared/text.hpp"

namespace microhost::cors {

std::string_view Policy::told(std::string_view origin) const {
    return origins.lists(origin) ? origin : std::string_view("*");
}

bool Policy::with_credentials(std::string_view origin) const {
    return credentials && origins.lists(origin);
}

std::string joined(std::span<const std::string_view> items, bool& any) {
    std::string out;
    for (const std::string_view item : items) {
        if (item == "*") {
            any = true;
            continue;
        }
        if (!out.empty()) out += ", ";
        out += item;
    }
    return out;
}

bool same_origin(std::string_view origin, std::string_view scheme, std::string_view authority) {
    constexpr std::string_view kSeparator = "://";
    return !authority.empty() &&
           origin.size() == scheme.size() + kSeparator.size() + authority.size() &&
           origin.starts_with(scheme) && origin.substr(scheme.size()).starts_with(kSeparator) &&
           shared::iequals(origin.substr(scheme.size() + kSeparator.size()), authority);
}

}  // namespace microhost::cors
