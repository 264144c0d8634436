// SPDX-License-Identifier: Apache-2.0
#include "command/abi_command.hpp"
#include "module/environment.hpp"
#include "module/host_side.hpp"
#include "module/operations.hpp"

namespace microhost::command {
namespace {

using module::guard_status;
using module::HostSide;
using module::lend;
using module::ModuleState;
using module::Operations;

static_assert(static_cast<int>(ModuleState::loading) == MH_MODULE_STATE_LOADING &&
              static_cast<int>(ModuleState::parked) == MH_MODULE_STATE_PARKED &&
              static_cast<int>(ModuleState::quarantined) == MH_MODULE_STATE_QUARANTINED);

mh_status each(const mh_host* h, void (*fn)(void*, const mh_module_info*), void* user) {
    HostSide* side = HostSide::find(h);
    if (!side || !fn) return MH_E_INVALID;
    if (Loop::current() != &side->environment.control) return MH_E_WRONG_THREAD;
    const Operations* operations = side->environment.operations;
    if (!operations) return MH_E_UNSUPPORTED;
    return guard_status([&] {
        for (const module::ModuleRow& row : operations->list()) {
            mh_module_info i{};
            i.size = sizeof i;
            i.state = static_cast<int32_t>(row.state);
            i.id = lend(row.id);
            i.version = lend(row.version);
            i.path = lend(row.path);
            i.summary = lend(row.summary);
            i.detail = lend(row.detail);
            i.manifest = lend(row.manifest);
            i.generation = row.generation;
            i.loaded_ms = row.loaded_ms;
            i.calls = row.calls;
            i.cpu_us = row.cpu_ns / 1000;
            i.errors = row.errors;
            i.bytes = row.bytes;
            i.requests = static_cast<uint32_t>(row.requests);
            i.handles = static_cast<uint32_t>(row.handles);
            fn(user, &i);
        }
        return mh_status{MH_OK};
    });
}

using Done = void (*)(void* user, mh_status s, mh_str text);

/// Starts one of the operations. Whoever asked must be there when it ends: its generation is kept until then.
mh_status begin(const mh_host* h, mh_str what, Done done, void* user,
                void (Operations::*operation)(std::string, Operations::Done)) {
    HostSide* side = HostSide::find(h);
    if (!side || module::broken(what) || !what.len) return MH_E_INVALID;
    if (Loop::current() != &side->environment.control) return MH_E_WRONG_THREAD;
    Operations* operations = side->environment.operations;
    if (!operations) return MH_E_UNSUPPORTED;
    return guard_status([&] {
        if (done) side->outstanding.fetch_add(1, std::memory_order_relaxed);
        (operations->*operation)(
            std::string(module::view(what)), [side, done, user](Result<std::string> r) {
                if (!done) return;
                const std::string& text = r ? *r : r.error().what;
                module::guarded(*side, "modules.done",
                                [&] { done(user, r ? MH_OK : MH_E_INVALID, lend(text)); });
                side->outstanding.fetch_sub(1, std::memory_order_release);
            });
        return mh_status{MH_OK};
    });
}

mh_status load(const mh_host* h, mh_str name, Done done, void* user) {
    return begin(h, name, done, user, &Operations::load);
}
mh_status reload(const mh_host* h, mh_str id, Done done, void* user) {
    return begin(h, id, done, user, &Operations::reload);
}
mh_status unload(const mh_host* h, mh_str id, Done done, void* user) {
    return begin(h, id, done, user, &Operations::unload);
}
mh_status release(const mh_host* h, mh_str id, Done done, void* user) {
    return begin(h, id, done, user, &Operations::release);
}

}  // namespace

const mh_modules kModulesTable = {sizeof(mh_modules), 0, each, load, reload, unload, release};

}  // namespace microhost::command
