// SPDX-License-Identifier: Apache-2.0
#include <microhost/log.h>

#include <cstddef>

#include "control/abi_read.hpp"
#include "control/log_desk.hpp"
#include "module/host_side.hpp"

namespace microhost::control {
namespace {

using module::broken;
using module::HostSide;
using module::view;

static_assert(static_cast<int>(log::Level::debug) == MH_LOG_DEBUG &&
              static_cast<int>(log::Level::error) == MH_LOG_ERROR);

/// False for what is no filter. Null takes all.
bool read(const mh_log_filter* from, LogFilter& to) {
    if (!from) return true;
    if (from->size < offsetof(mh_log_filter, contains) + sizeof from->contains) return false;
    if (from->min_level < MH_LOG_DEBUG || from->min_level > MH_LOG_ERROR) return false;
    if (broken(from->module) || broken(from->request_id) || broken(from->contains)) return false;
    to.level = static_cast<log::Level>(from->min_level);
    to.module = view(from->module);
    to.request = view(from->request_id);
    to.text = view(from->contains);
    return true;
}

mh_status recent(const mh_host* h, const mh_log_filter* filter, uint64_t since, uint32_t max,
                 LogDesk::Fn fn, void* user) {
    if (!HostSide::find(h) || !fn) return MH_E_INVALID;
    const LogDesk* desk = LogDesk::current();
    if (!desk) return MH_E_WRONG_THREAD;
    return module::guard_status([&] {
        LogFilter wanted;
        if (!read(filter, wanted)) return mh_status{MH_E_INVALID};
        for (const log::Entry& e : desk->recent(wanted, since, max ? max : SIZE_MAX))
            show(e, fn, user);
        return mh_status{MH_OK};
    });
}

mh_status follow(const mh_host* h, const mh_log_filter* filter, LogDesk::Fn fn, void* user,
                 mh_token* out) {
    HostSide* side = HostSide::find(h);
    if (!side || !fn || !out) return MH_E_INVALID;
    LogDesk* desk = LogDesk::current();
    if (!desk) return MH_E_WRONG_THREAD;
    return module::guard_status([&] {
        LogFilter wanted;
        if (!read(filter, wanted)) return mh_status{MH_E_INVALID};
        *out = desk->follow(side, std::move(wanted), fn, user);
        return mh_status{*out ? MH_OK : MH_E_LIMIT};
    });
}

mh_status unfollow(mh_token t) {
    LogDesk* desk = LogDesk::current();
    return desk ? desk->unfollow(t) : MH_E_WRONG_THREAD;
}

}  // namespace

const mh_log_read kLogReadTable{sizeof(mh_log_read), 0, recent, follow, unfollow};

}  // namespace microhost::control
