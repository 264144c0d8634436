// SPDX-License-Identifier: Apache-2.0
#include "loop/loop.hpp"
#include "module/abi/tables.hpp"
#include "module/environment.hpp"
#include "module/file_watch.hpp"
#include "module/host_side.hpp"

namespace microhost::module {
namespace {

mh_status watch(const mh_host* h, const char* path, void (*fn)(void*, mh_status, mh_seg),
                void* user, mh_token* out) {
    HostSide* side = HostSide::find(h);
    if (!side || !path || !fn) return MH_E_INVALID;
    Environment& e = side->environment;
    if (Loop::current() && Loop::current() != &e.control) return MH_E_WRONG_THREAD;
    mh_token ignored = 0;
    return e.files->watch(side, path, fn, user, out ? *out : ignored);
}

mh_status unwatch(mh_token t) { return t ? FileWatch::unwatch(t) : MH_E_INVALID; }

}  // namespace

const mh_file kFileTable{sizeof(mh_file), 0, watch, unwatch};

}  // namespace microhost::module
