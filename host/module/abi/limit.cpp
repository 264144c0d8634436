// SPDX-License-Identifier: Apache-2.0
#include "module/abi/tables.hpp"
#include "module/environment.hpp"
#include "module/host_side.hpp"
#include "module/rate_limit.hpp"

namespace microhost::module {
namespace {

mh_status open(const mh_host* h, const char* name, uint32_t max_keys, uint64_t* set) {
    HostSide* side = HostSide::find(h);
    if (!side || !name || !set) return MH_E_INVALID;
    return guard_status([&] {
        const uint64_t handle = side->environment.limits->open(side->id, name, max_keys);
        if (handle == 0) return MH_E_LIMIT;
        *set = handle;
        return MH_OK;
    });
}

mh_status take(uint64_t set, mh_str key, const mh_limit_rule* rule, uint32_t cost, uint64_t now_ns,
               mh_limit_answer* out) {
    RateSet* found = RateLimits::find(set);
    if (!found || broken(key) || !rule || rule->size < sizeof *rule || !out ||
        out->size < sizeof *out)
        return MH_E_INVALID;
    return found->take(view(key), *rule, cost, now_ns, *out);
}

}  // namespace

const mh_limit kLimitTable{sizeof(mh_limit), 0, open, take};

}  // namespace microhost::module
