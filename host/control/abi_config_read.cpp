// SPDX-License-Identifier: Apache-2.0
#include "control/abi_read.hpp"
#include "control/config_view.hpp"
#include "module/host_side.hpp"

namespace microhost::control {
namespace {

using module::lend;

static_assert(static_cast<int>(config::Source::fallback) == MH_ORIGIN_DEFAULT &&
              static_cast<int>(config::Source::file) == MH_ORIGIN_FILE &&
              static_cast<int>(config::Source::environment) == MH_ORIGIN_ENVIRONMENT &&
              static_cast<int>(config::Source::flag) == MH_ORIGIN_FLAG);

mh_config_value shown(const ConfigValue& from) {
    mh_config_value v{};
    v.size = sizeof v;
    if (from.secret) v.flags |= MH_CONFIG_SECRET;
    if (from.live) v.flags |= MH_CONFIG_LIVE;
    v.path = lend(from.path);
    v.json = lend(from.json);
    v.doc = lend(from.doc);
    v.default_json = lend(from.default_json);
    v.origin = static_cast<int32_t>(from.origin);
    v.source = lend(from.source);
    return v;
}

mh_status each(const mh_host* h, mh_str prefix, void (*fn)(void*, const mh_config_value*),
               void* user) {
    if (!module::HostSide::find(h) || !fn || module::broken(prefix)) return MH_E_INVALID;
    const ConfigView* view = ConfigView::current();
    if (!view) return MH_E_WRONG_THREAD;
    return module::guard_status([&] {
        const auto pointer = pointer_of(module::view(prefix));
        if (!pointer) return mh_status{MH_E_INVALID};
        const auto values = view->values(*pointer);
        if (!values) return mh_status{MH_E_NOT_FOUND};
        for (const ConfigValue& value : *values) {
            const mh_config_value v = shown(value);
            fn(user, &v);
        }
        return mh_status{MH_OK};
    });
}

}  // namespace

const mh_config_read kConfigReadTable{sizeof(mh_config_read), 0, each};

}  // namespace microhost::control
