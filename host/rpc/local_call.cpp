// SPDX-License-Identifier: Apache-2.0
#include "rpc/local_call.hpp"

#include "http/error_json.hpp"
#include "http/names.hpp"
#include "module/host_side.hpp"
#include "rpc/served.hpp"

namespace microhost::rpc {
namespace {

using module::broken;

mh_status taken(mh_rpc_in* in) {
    if (!in) return MH_E_INVALID;
    if (!Incoming::of(in).waiting) return MH_E_GONE;
    return Incoming::of(in).right_thread() ? MH_OK : MH_E_WRONG_THREAD;
}

mh_status reply(mh_rpc_in* in, mh_str content_type, mh_seg body) {
    if (broken(content_type) || broken(body)) return MH_E_INVALID;
    if (mh_status s = taken(in); s != MH_OK) return s;
    return module::guard_status([&] {
        Incoming::of(in).answer(module::view(content_type), module::view(body));
        return MH_OK;
    });
}

mh_status fail(mh_rpc_in* in, uint32_t code, mh_str id, mh_str detail) {
    if (broken(id) || broken(detail)) return MH_E_INVALID;
    if (mh_status s = taken(in); s != MH_OK) return s;
    Incoming& c = Incoming::of(in);
    char text[2048];
    std::string_view from = id.len ? module::view(id) : std::string_view(c.service);
    return module::guard_status([&] {
        c.answer_error(http::error_json(text, sizeof text, from, code, module::view(detail)));
        return MH_OK;
    });
}

mh_status metadata(mh_rpc_in* in, mh_str name, mh_str* out) {
    if (!in || !out || broken(name)) return MH_E_INVALID;
    std::string_view value = Incoming::of(in).metadata.find(module::view(name));
    if (!value.data()) return MH_E_NOT_FOUND;
    *out = http::str(value);
    return MH_OK;
}

mh_str endpoint(mh_rpc_in* in) { return in ? http::str(Incoming::of(in).endpoint) : mh_str{}; }

uint32_t time_left_ms(mh_rpc_in* in) {
    return in && Incoming::of(in).waiting ? Incoming::of(in).time_left_ms() : 0;
}

}  // namespace

void CallMetadata::add(std::string_view name, std::string_view value) {
    Row row;
    row.name = static_cast<uint32_t>(text_.size());
    text_.append(name);
    row.value = static_cast<uint32_t>(text_.size());
    text_.append(value);
    row.end = static_cast<uint32_t>(text_.size());
    rows_.push_back(row);
}

std::string_view CallMetadata::find(std::string_view name) const {
    std::string_view text(text_);
    for (const Row& r : rows_)
        if (http::iequals(text.substr(r.name, r.value - r.name), name))
            return text.substr(r.value, r.end - r.value);
    return {};
}

const mh_rpc_server kServerTable = {
    sizeof(mh_rpc_server), 0, reply, fail, metadata, endpoint, time_left_ms,
};

namespace {

mh_status send(mh_rpc_in* in, mh_str content_type, mh_seg body, uint32_t fin) {
    if (broken(content_type) || broken(body) || (!body.ptr && !fin)) return MH_E_INVALID;
    if (mh_status s = taken(in); s != MH_OK) return s;
    return module::guard_status([&] {
        return Incoming::of(in).send(module::view(content_type), module::view(body), fin != 0);
    });
}

mh_status splice(mh_rpc_in* in, mh_rpc_call* out) {
    if (!out) return MH_E_INVALID;
    if (mh_status s = taken(in); s != MH_OK) return s;
    return module::guard_status([&] { return Incoming::of(in).splice(*out); });
}

mh_status pause(mh_rpc_in* in) {
    const mh_status s = taken(in);
    return s == MH_OK ? Incoming::of(in).pause(true) : s;
}

mh_status resume(mh_rpc_in* in) {
    const mh_status s = taken(in);
    return s == MH_OK ? Incoming::of(in).pause(false) : s;
}

mh_status take(const mh_host* h, mh_req* r, const mh_rpc_router* router, void* shard) {
    module::HostSide* side = module::HostSide::find(h);
    if (!side || !r || !MH_FIELD_OK(router, on_call)) return MH_E_INVALID;
    return module::guard_status([&] { return take_request(*side, r, *router, shard); });
}

}  // namespace

const mh_rpc_incoming kIncomingTable = {
    sizeof(mh_rpc_incoming), 0, send, splice, pause, resume, take,
};

}  // namespace microhost::rpc
