// SPDX-License-Identifier: Apache-2.0
// What a generation hands to the next when it is reloaded.
#include <algorithm>

#include "module/generation.hpp"

namespace microhost::module {
namespace {

constexpr size_t kLargestState = 16 * 1024 * 1024;

mh_status append(const mh_state_writer* w, mh_seg bytes) {
    return guard_status([&]() -> mh_status {
        if (broken(bytes)) return MH_E_INVALID;
        auto& out = *static_cast<std::string*>(w->impl);
        if (out.size() + bytes.len > kLargestState) return MH_E_LIMIT;
        out.append(view(bytes));
        return MH_OK;
    });
}

}  // namespace

const mh_state* Generation::state_table() {
    return static_cast<const mh_state*>(module_table(MH_STATE));
}

uint32_t Generation::state_schema() {
    const mh_state* s = state_table();
    return s ? s->schema : 0;
}

bool Generation::inherits_from(Generation& before) {
    const mh_state *mine = state_table(), *theirs = before.state_table();
    if (!MH_FIELD_OK(mine, load) || !MH_FIELD_OK(theirs, save)) return false;
    const std::vector<int64_t>& accepts = manifest().state_accepts;
    return std::find(accepts.begin(), accepts.end(), int64_t{theirs->schema}) != accepts.end();
}

Result<std::string> Generation::save_state() {
    std::string out;
    const mh_state_writer writer{sizeof writer, 0, &out, append};
    take_report(side_);
    const mh_status s = guarded(side_, "state.save", mh_status{MH_E_PANIC},
                                [&] { return state_table()->save(module_, &writer); });
    if (s != MH_OK) return failure("state.save()", s).context(id());
    return {boost::system::in_place_value, std::move(out)};
}

Result<> Generation::load_state(uint32_t schema, std::string_view bytes) {
    const mh_seg seg{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
    take_report(side_);
    const mh_status s = guarded(side_, "state.load", mh_status{MH_E_PANIC},
                                [&] { return state_table()->load(module_, schema, seg); });
    if (s != MH_OK) return failure("state.load()", s).context(path());
    return {};
}

void Generation::resume_state(std::string_view bytes) {
    const mh_state* s = state_table();
    if (!MH_FIELD_OK(s, resume)) return;
    const mh_seg seg{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
    guarded(side_, "state.resume", [&] { s->resume(module_, seg); });
}

}  // namespace microhost::module
