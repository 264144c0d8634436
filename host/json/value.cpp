// SPDX-License-Identifier: Apache-2.0
#include "json/value.hpp"

#include <charconv>
#include <string>

#include "json/pointer.hpp"
#include "json/rapid.hpp"

namespace microhost::json {

std::string_view name(Kind kind) {
    switch (kind) {
        case Kind::null: return "null";
        case Kind::boolean: return "true or false";
        case Kind::number: return "a number";
        case Kind::string: return "a string";
        case Kind::array: return "an array";
        case Kind::object: return "an object";
    }
    return "a value";
}

Kind Value::kind() const {
    if (!node_) return Kind::null;
    switch (rapid(node_).GetType()) {
        case rapidjson::kNullType: return Kind::null;
        case rapidjson::kFalseType:
        case rapidjson::kTrueType: return Kind::boolean;
        case rapidjson::kObjectType: return Kind::object;
        case rapidjson::kArrayType: return Kind::array;
        case rapidjson::kStringType: return Kind::string;
        case rapidjson::kNumberType: return Kind::number;
    }
    return Kind::null;
}

bool Value::is_int() const { return node_ && (rapid(node_).IsInt64() || rapid(node_).IsUint64()); }

std::optional<bool> Value::as_bool() const {
    if (!is_bool()) return {};
    return rapid(node_).GetBool();
}

std::optional<std::int64_t> Value::as_int64() const {
    if (!node_ || !rapid(node_).IsInt64()) return {};
    return rapid(node_).GetInt64();
}

std::optional<std::uint64_t> Value::as_uint64() const {
    if (!node_ || !rapid(node_).IsUint64()) return {};
    return rapid(node_).GetUint64();
}

std::optional<double> Value::as_double() const {
    if (!is_number()) return {};
    return rapid(node_).GetDouble();
}

std::optional<std::string_view> Value::as_string() const {
    if (!is_string()) return {};
    return std::string_view{rapid(node_).GetString(), rapid(node_).GetStringLength()};
}

std::size_t Value::size() const {
    if (is_array()) return rapid(node_).Size();
    return is_object() ? rapid(node_).MemberCount() : 0;
}

Value Value::at(std::size_t index) const {
    if (!is_array() || index >= size()) return {};
    return view(rapid(node_)[static_cast<rapidjson::SizeType>(index)]);
}

Value Value::find(std::string_view key) const {
    for (auto [name, value] : members())
        if (name == key) return value;
    return {};
}

Value Value::find_pointer(std::string_view pointer) const {
    Value at_value = *this;
    while (!pointer.empty() && at_value) {
        if (pointer.front() != '/') return {};
        const auto end = std::min(pointer.find('/', 1), pointer.size());
        const std::string step = pointer_unescape(pointer.substr(1, end - 1));
        pointer.remove_prefix(end);
        if (!at_value.is_array()) {
            at_value = at_value.find(step);
            continue;
        }
        std::size_t index = 0;
        const auto [rest, wrong] = std::from_chars(step.data(), step.data() + step.size(), index);
        const bool leading_zero = step.size() > 1 && step.front() == '0';
        if (wrong != std::errc{} || rest != step.data() + step.size() || leading_zero) return {};
        at_value = at_value.at(index);
    }
    return at_value;
}

Members Value::members() const { return Members{*this}; }
Items Value::items() const { return Items{*this}; }

Member Members::Iterator::operator*() const {
    const auto& member = *(rapid(object.node()).MemberBegin() + static_cast<std::ptrdiff_t>(index));
    return {{member.name.GetString(), member.name.GetStringLength()}, view(member.value)};
}

}  // namespace microhost::json
