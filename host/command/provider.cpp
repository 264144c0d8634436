// SPDX-License-Identifier: Apache-2.0
#include "command/provider.hpp"

#include "command/running.hpp"
#include "command/table.hpp"
#include "module/host_side.hpp"

namespace microhost::command {
namespace {

using module::broken;
using module::guard_status;
using module::view;

Result<std::string> provider_name(const void* descriptor) {
    const auto* d = static_cast<const mh_command_provider*>(descriptor);
    if (d->size < offsetof(mh_command_provider, on_cancel) || !d->run)
        return error("a command without run");
    if (d->info.size < sizeof d->info)
        return error("a command whose info is too short; set info.size to sizeof(mh_command_info)");
    auto read = command::read(d->info);
    if (!read) return read.error();
    if (is_host_command(read->name))
        return error("command {:?} is the host's; choose another name", read->name);
    return {boost::system::in_place_value, std::move(read->name)};
}

/// Finds what runs, and calls fn with it on its thread.
template <class F>
mh_status with(mh_command_in* in, F&& fn) {
    return guard_status([&]() -> mh_status {
        const RunningPtr r = Running::find(reinterpret_cast<uint64_t>(in));
        if (!r) return MH_E_GONE;
        if (!r->right_thread()) return MH_E_WRONG_THREAD;
        return fn(*r);
    });
}

mh_status arg(mh_command_in* in, mh_str name, uint32_t i, mh_str* out) {
    if (!out || broken(name)) return MH_E_INVALID;
    return with(in, [&](Running& r) {
        const Value* v = r.values().find(view(name), i);
        if (!v) return MH_E_NOT_FOUND;
        *out = module::lend(v->text);
        return MH_OK;
    });
}

mh_status arg_integer(mh_command_in* in, mh_str name, int64_t* out) {
    if (!out || broken(name)) return MH_E_INVALID;
    return with(in, [&](Running& r) {
        const Value* v = r.values().find(view(name));
        if (!v) return MH_E_NOT_FOUND;
        if (v->type == MH_TYPE_TEXT || v->type == MH_TYPE_NUMBER || v->type == MH_TYPE_JSON)
            return MH_E_INVALID;
        *out = v->integer;
        return MH_OK;
    });
}

mh_status arg_number(mh_command_in* in, mh_str name, double* out) {
    if (!out || broken(name)) return MH_E_INVALID;
    return with(in, [&](Running& r) {
        const Value* v = r.values().find(view(name));
        if (!v) return MH_E_NOT_FOUND;
        if (v->type != MH_TYPE_INTEGER && v->type != MH_TYPE_NUMBER) return MH_E_INVALID;
        *out = v->number;
        return MH_OK;
    });
}

const mh_principal* principal(mh_command_in* in) {
    const mh_principal* p = nullptr;
    with(in, [&](Running& r) {
        p = r.principal();
        return MH_OK;
    });
    return p;
}

uint32_t surface(mh_command_in* in) {
    uint32_t s = 0;
    with(in, [&](Running& r) {
        s = r.surface();
        return MH_OK;
    });
    return s;
}

uint32_t time_left_ms(mh_command_in* in) {
    uint32_t ms = 0;
    with(in, [&](Running& r) {
        ms = r.time_left_ms();
        return MH_OK;
    });
    return ms;
}

void** slot(mh_command_in* in) {
    void** p = nullptr;
    with(in, [&](Running& r) {
        p = r.slot();
        return MH_OK;
    });
    return p;
}

mh_status columns(mh_command_in* in, const mh_str* names, uint32_t n) {
    if (!names || !n) return MH_E_INVALID;
    return with(in, [&](Running& r) {
        std::vector<std::string> all;
        for (uint32_t i = 0; i < n; i++) {
            if (broken(names[i])) return mh_status{MH_E_INVALID};
            all.emplace_back(view(names[i]));
        }
        return r.columns(std::move(all));
    });
}

mh_status row(mh_command_in* in, const mh_cell* cells, uint32_t n) {
    if (!cells || !n) return MH_E_INVALID;
    return with(in, [&](Running& r) {
        std::vector<Cell> all;
        for (uint32_t i = 0; i < n; i++) {
            const mh_cell& c = cells[i];
            if (broken(c.text) || c.type < MH_TYPE_TEXT || c.type > MH_TYPE_NULL)
                return mh_status{MH_E_INVALID};
            all.push_back({c.type, std::string(view(c.text)), c.integer, c.number});
        }
        return r.row(std::move(all));
    });
}

mh_status text(mh_command_in* in, mh_str text) {
    if (broken(text)) return MH_E_INVALID;
    return with(in, [&](Running& r) { return r.text(view(text)); });
}

mh_status json(mh_command_in* in, mh_str json) {
    if (broken(json) || !json.len) return MH_E_INVALID;
    return with(in, [&](Running& r) { return r.json(view(json)); });
}

mh_status note(mh_command_in* in, mh_str line) {
    if (broken(line)) return MH_E_INVALID;
    return with(in, [&](Running& r) { return r.note(view(line)); });
}

mh_status end(mh_command_in* in, mh_status s, int32_t exit_code, mh_str error) {
    if (broken(error)) return MH_E_INVALID;
    return with(in, [&](Running& r) { return r.end(s, exit_code, view(error)); });
}

}  // namespace

const module::Point kProviderPoint = {MH_COMMAND_PROVIDER, provider_name, true};

const mh_command_output kOutputTable = {sizeof(mh_command_output),
                                        0,
                                        arg,
                                        arg_integer,
                                        arg_number,
                                        principal,
                                        surface,
                                        time_left_ms,
                                        slot,
                                        columns,
                                        row,
                                        text,
                                        json,
                                        end,
                                        note};

}  // namespace microhost::command
