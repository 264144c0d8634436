// SPDX-License-Identifier: Apache-2.0
/// The roles of the host, in their order. What an application adds beside them counts for nothing here.
#pragma once

#include <microhost/http_request.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace microhost::shared {

enum class Role : uint8_t { nobody, viewer, operator_, admin };

constexpr Role role_of(std::string_view name) {
    if (name == "viewer") return Role::viewer;
    if (name == "operator") return Role::operator_;
    if (name == "admin") return Role::admin;
    return Role::nobody;
}

constexpr std::string_view name_of(Role r) {
    switch (r) {
        case Role::viewer: return "viewer";
        case Role::operator_: return "operator";
        case Role::admin: return "admin";
        default: return "nobody";
    }
}

/// The highest that somebody has.
inline Role highest(const mh_principal& p) {
    Role out = Role::nobody;
    for (uint32_t i = 0; p.roles && i < p.n_roles; ++i)
        out = std::max(out, role_of({p.roles[i].ptr, p.roles[i].len}));
    return out;
}

}  // namespace microhost::shared
