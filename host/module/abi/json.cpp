// SPDX-License-Identifier: Apache-2.0
#include <microhost/draft/json.h>

#include <memory>
#include <utility>

#include "json/document.hpp"
#include "module/abi/tables.hpp"
#include "module/host_side.hpp"

struct mh_json_doc {
    microhost::json::Document document;
};

namespace microhost::module {
namespace {

using json::Kind;
using json::Value;
static_assert(static_cast<int>(Kind::object) == MH_JSON_OBJECT &&
              static_cast<int>(Kind::string) == MH_JSON_STRING &&
              static_cast<int>(Kind::null) == MH_JSON_NULL);

/// A value is passed across the border as its node.
Value value_of(const mh_json_value* v) { return Value(reinterpret_cast<const json::Node*>(v)); }
const mh_json_value* pass(Value v) { return reinterpret_cast<const mh_json_value*>(v.node()); }

mh_status parse(mh_str text, mh_json_doc** out) {
    if (!out || broken(text)) return MH_E_INVALID;
    return guard_status([&] {
        auto document = json::Document::parse(view(text));
        if (!document) return MH_E_INVALID;
        *out = new mh_json_doc{std::move(*document)};
        return MH_OK;
    });
}

void release(mh_json_doc* d) { delete d; }

const mh_json_value* root(const mh_json_doc* d) { return d ? pass(d->document.root()) : nullptr; }

int32_t kind(const mh_json_value* v) { return static_cast<int32_t>(value_of(v).kind()); }

const mh_json_value* member(const mh_json_value* v, mh_str key) {
    return pass(value_of(v).find(view(key)));
}

const mh_json_value* at(const mh_json_value* v, uint32_t i) {
    const Value value = value_of(v);
    if (i >= value.size()) return nullptr;
    if (value.is_object()) return pass((*json::Members::Iterator{value, i}).value);
    return pass(value.at(i));
}

mh_str key_at(const mh_json_value* v, uint32_t i) {
    const Value value = value_of(v);
    if (!value.is_object() || i >= value.size()) return {"", 0};
    return lend((*json::Members::Iterator{value, i}).key);
}

uint32_t count(const mh_json_value* v) { return static_cast<uint32_t>(value_of(v).size()); }

template <class Out, class Found>
mh_status give(Out* out, Found found) {
    if (!out || !found) return MH_E_INVALID;
    *out = static_cast<Out>(*found);
    return MH_OK;
}

mh_status string(const mh_json_value* v, mh_str* out) {
    const auto s = value_of(v).as_string();
    if (!out || !s) return MH_E_INVALID;
    *out = lend(*s);
    return MH_OK;
}
mh_status integer(const mh_json_value* v, int64_t* out) {
    return give(out, value_of(v).as_int64());
}
mh_status number(const mh_json_value* v, double* out) { return give(out, value_of(v).as_double()); }
mh_status boolean(const mh_json_value* v, int32_t* out) { return give(out, value_of(v).as_bool()); }

}  // namespace

const mh_json kJsonTable{sizeof(mh_json), 0,     parse,  release, root,   kind,   member, at,
                         key_at,          count, string, integer, number, boolean};

}  // namespace microhost::module
