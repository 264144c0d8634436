// SPDX-License-Identifier: Apache-2.0
#include "module/abi/config.hpp"

#include <cmath>
#include <optional>

#include "config/duration.hpp"
#include "module/abi/tables.hpp"
#include "module/generation.hpp"
#include "module/host_side.hpp"

namespace microhost::module {
namespace {

using json::Value;

/// A key, or keys joined with "."; a key that contains dots itself wins. `null` counts as absent.
Value at(const mh_config* c, const char* path) {
    if (!c || !path) return {};
    Value v = c->document.root();
    std::string_view rest(path);
    if (rest.empty()) return v;
    if (const Value whole = v.find(rest)) return whole.is_null() ? Value{} : whole;
    while (v) {
        const size_t dot = rest.find('.');
        v = v.find(rest.substr(0, dot));
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    return v && !v.is_null() ? v : Value{};
}

template <class Out, class Read>
mh_status get(const mh_config* c, const char* path, Out* out, Read read) {
    if (!c || !path || !out) return MH_E_INVALID;
    const Value v = at(c, path);
    if (!v) return MH_E_NOT_FOUND;
    const auto found = read(v);
    if (!found) return MH_E_INVALID;
    *out = static_cast<Out>(*found);
    return MH_OK;
}

std::optional<mh_str> text_of(Value v) {
    const auto s = v.as_string();
    return s ? std::optional(lend(*s)) : std::nullopt;
}

const mh_config* module(const mh_host* h) {
    const HostSide* side = HostSide::find(h);
    return side ? side->generation.config() : nullptr;
}

mh_status string(const mh_config* c, const char* path, mh_str* out) {
    return get(c, path, out, text_of);
}

mh_status integer(const mh_config* c, const char* path, int64_t* out) {
    return get(c, path, out, [](Value v) { return v.as_int64(); });
}

mh_status number(const mh_config* c, const char* path, double* out) {
    return get(c, path, out, [](Value v) { return v.as_double(); });
}

mh_status boolean(const mh_config* c, const char* path, int32_t* out) {
    return get(c, path, out, [](Value v) { return v.as_bool(); });
}

mh_status duration_ms(const mh_config* c, const char* path, uint64_t* out) {
    return get(c, path, out, [](Value v) -> std::optional<uint64_t> {
        const auto seconds = v.as_double();
        const auto text = v.as_string();
        if (!seconds && !text) return std::nullopt;
        const auto ms = seconds ? config::seconds(*seconds) : config::parse_duration(*text);
        return ms ? std::optional(static_cast<uint64_t>(ms->count())) : std::nullopt;
    });
}

mh_status count(const mh_config* c, const char* path, uint32_t* out) {
    return get(c, path, out,
               [](Value v) { return v.is_array() ? std::optional(v.size()) : std::nullopt; });
}

mh_status string_at(const mh_config* c, const char* path, uint32_t index, mh_str* out) {
    if (!c || !path || !out) return MH_E_INVALID;
    const Value list = at(c, path);
    if (!list) return MH_E_NOT_FOUND;
    if (!list.is_array()) return MH_E_INVALID;
    const Value v = list.at(index);
    if (!v) return MH_E_NOT_FOUND;
    const auto s = text_of(v);
    if (!s) return MH_E_INVALID;
    *out = *s;
    return MH_OK;
}

const mh_json_value* json_of(const mh_config* c) {
    return c ? reinterpret_cast<const mh_json_value*>(c->document.root().node()) : nullptr;
}

}  // namespace

const mh_config_api kConfigTable{
    sizeof(mh_config_api), 0,     module,    string, integer, number, boolean,
    duration_ms,           count, string_at, json_of};

}  // namespace microhost::module
