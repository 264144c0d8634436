// SPDX-License-Identifier: Apache-2.0
#include "value_schema.hpp"

#include "text.hpp"

namespace microhost::shared {
namespace {

struct TypeName {
    std::string_view name;
    FieldKind kind;
};

constexpr TypeName kTypes[] = {
    {"string", FieldKind::text},     {"str", FieldKind::text},
    {"[]uint8", FieldKind::bytes},   {"[]byte", FieldKind::bytes},
    {"bytes", FieldKind::bytes},     {"bool", FieldKind::boolean},
    {"boolean", FieldKind::boolean}, {"int", FieldKind::integer},
    {"int8", FieldKind::integer},    {"int16", FieldKind::integer},
    {"int32", FieldKind::integer},   {"int64", FieldKind::integer},
    {"uint", FieldKind::integer},    {"uint8", FieldKind::integer},
    {"uint16", FieldKind::integer},  {"uint32", FieldKind::integer},
    {"uint64", FieldKind::integer},  {"integer", FieldKind::integer},
    {"float", FieldKind::number},    {"float32", FieldKind::number},
    {"float64", FieldKind::number},  {"double", FieldKind::number},
    {"number", FieldKind::number},
};

}  // namespace

FieldKind field_kind(std::string_view type) {
    for (const TypeName& t : kTypes) {
        if (t.name == type) return t.kind;
    }
    return FieldKind::unknown;
}

std::string_view ValueSchema::text(std::string_view member) const {
    mh_str out{};
    if (!json_ || json_->string(json_->member(value_, str(member)), &out) != MH_OK) return {};
    return view(out);
}

FieldKind ValueSchema::kind() const {
    const std::string_view full = type();
    const FieldKind whole = field_kind(full);
    if (whole != FieldKind::unknown) return whole;
    const FieldKind element = is_array() ? field_kind(full.substr(2)) : FieldKind::unknown;
    return element == FieldKind::unknown && field_count() != 0 ? FieldKind::object : element;
}

uint32_t ValueSchema::field_count() const {
    return json_ ? json_->count(json_->member(value_, str("values"))) : 0;
}

ValueSchema ValueSchema::field_at(uint32_t i) const {
    return json_ ? ValueSchema(json_, json_->at(json_->member(value_, str("values")), i)) : *this;
}

ValueSchema ValueSchema::field(std::string_view name) const {
    for (uint32_t i = 0; i < field_count(); ++i) {
        const ValueSchema f = field_at(i);
        if (f.name() == name) return f;
    }
    return {};
}

}  // namespace microhost::shared
