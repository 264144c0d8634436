// SPDX-License-Identifier: Apache-2.0
#include "command/principal.hpp"

#include "module/host_side.hpp"

namespace microhost::command {

Principal::Principal(const mh_principal* p) {
    if (!p) return;
    const uint32_t n_roles = p->roles ? p->n_roles : 0;
    const uint32_t n_claims = MH_FIELD_OK(p, n_claims) && p->claims ? p->n_claims : 0;
    texts_.reserve(2 + size_t{n_roles} + 2 * size_t{n_claims});  // views point into it
    auto keep = [this](mh_str s) { return module::lend(texts_.emplace_back(module::view(s))); };
    view_.size = sizeof view_;
    view_.subject = keep(p->subject);
    view_.issuer = keep(p->issuer);
    for (uint32_t i = 0; i < n_roles; i++) roles_.push_back(keep(p->roles[i]));
    for (uint32_t i = 0; i < n_claims; i++) {
        const mh_str key = keep(p->claims[i].key);
        claims_.push_back({key, keep(p->claims[i].val)});
    }
    view_.roles = roles_.data();
    view_.n_roles = n_roles;
    view_.claims = claims_.data();
    view_.n_claims = n_claims;
}

}  // namespace microhost::command
