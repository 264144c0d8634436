// SPDX-License-Identifier: Apache-2.0
#include "module/health.hpp"

#include "module/abi/tables.hpp"
#include "module/environment.hpp"
#include "module/host_side.hpp"

namespace microhost::module {
namespace {

void set(const mh_host* h, const char* check, int32_t state, mh_str text) {
    HostSide* side = HostSide::find(h);
    if (!side || !check || state < MH_HEALTH_OK || state > MH_HEALTH_FAILING) return;
    side->environment.health->set(*side, check, static_cast<Health>(state), view(text));
}

}  // namespace

const mh_health kHealthTable{sizeof(mh_health), 0, set};

}  // namespace microhost::module
