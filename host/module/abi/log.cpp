// SPDX-License-Identifier: Apache-2.0
#include <microhost/http_request.h>

#include <algorithm>
#include <array>

#include "module/abi/tables.hpp"
#include "module/environment.hpp"
#include "module/host_side.hpp"

namespace microhost::module {
namespace {

using Fields = std::array<log::Field, log::kMaxFields>;

int32_t level(const mh_host* h) {
    const HostSide* side = HostSide::find(h);
    if (!side) return MH_LOG_ERROR;
    return static_cast<int32_t>(side->log.level_word().load(std::memory_order_relaxed));
}

log::Level level_of(int32_t n) {
    return static_cast<log::Level>(std::clamp<int32_t>(n, MH_LOG_DEBUG, MH_LOG_ERROR));
}

size_t collect(const mh_kv* fields, uint32_t n, Fields& out, size_t from) {
    for (uint32_t i = 0; fields && i < n && from < out.size(); i++)
        out[from++] = {view(fields[i].key), view(fields[i].val)};
    return from;
}

void write(const mh_host* h, int32_t lvl, mh_str text, const mh_kv* fields, uint32_t n) {
    const HostSide* side = HostSide::find(h);
    if (!side || !side->log.enabled(level_of(lvl))) return;
    Fields all;
    const size_t count = collect(fields, n, all, 0);
    side->log.write(level_of(lvl), view(text), {all.data(), count});
}

void write_req(const mh_host* h, mh_req* r, int32_t lvl, mh_str text, const mh_kv* fields,
               uint32_t n) {
    const HostSide* side = HostSide::find(h);
    if (!side || !side->log.enabled(level_of(lvl))) return;
    Fields all;
    size_t count = 0;
    mh_str id{};
    const auto* request =
        static_cast<const mh_http_request*>(side->environment.interfaces.find(MH_HTTP_REQUEST));
    if (r && request && request->attr(r, MH_ATTR_REQUEST_ID, &id) == MH_OK)
        all[count++] = {"request_id", view(id)};
    count = collect(fields, n, all, count);
    side->log.write(level_of(lvl), view(text), {all.data(), count});
}

}  // namespace

const mh_log kLogTable{sizeof(mh_log), 0, level, write, write_req};

}  // namespace microhost::module
