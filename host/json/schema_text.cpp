// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "json/nearest.hpp"
#include "json/schema_rules.hpp"
#include "json/writer.hpp"

namespace microhost::json {
namespace {

std::string short_text(Value v) {
    if (v.is_array() || v.is_object()) return std::string(name(v.kind()));
    return v.is_string() ? quote_short(*v.as_string()) : to_text(v);
}

std::string type_name(std::string_view type) {
    if (type == "boolean") return "true or false";
    if (type == "integer" || type == "array" || type == "object") return fmt::format("an {}", type);
    return type == "null" ? "null" : fmt::format("a {}", type);
}

/// "a", "b" or "c"
std::string one_of(Value list, std::string (*word)(Value)) {
    std::string out;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (i > 0) out += i + 1 == list.size() ? " or " : ", ";
        out += word(list.at(i));
    }
    return out;
}

std::string expected_type(Value type) {
    if (type.is_string()) return type_name(*type.as_string());
    return one_of(type, [](Value v) { return type_name(v.as_string().value_or("value")); });
}

std::string missing_keys(Value schema, Value value) {
    std::string out;
    for (Value key : schema.find("required").items()) {
        if (value.find(key.as_string().value_or(""))) continue;
        out += fmt::format("{}{}", out.empty() ? "" : ", ", short_text(key));
    }
    return out;
}

/// What the value must be; "but is ..." is added by the caller.
std::string expectation(Value schema, std::string_view keyword) {
    const Value limit = schema.find(keyword);
    const auto amount = [&](std::string_view form) {
        return fmt::format(fmt::runtime(form), to_text(limit));
    };
    const bool above = schema.find("exclusiveMinimum").as_bool().value_or(false);
    const bool below = schema.find("exclusiveMaximum").as_bool().value_or(false);
    if (keyword == "type") return "must be " + expected_type(limit);
    if (keyword == "enum") return "must be " + one_of(limit, short_text);
    if (keyword == "minimum") return amount(above ? "must be more than {}" : "must be at least {}");
    if (keyword == "maximum") return amount(below ? "must be less than {}" : "must be at most {}");
    if (keyword == "multipleOf") return amount("must be a multiple of {}");
    if (keyword == "minLength") return amount("must have at least {} characters");
    if (keyword == "maxLength") return amount("must have at most {} characters");
    if (keyword == "pattern") return amount("must match the pattern {}");
    if (keyword == "minItems") return amount("must have at least {} elements");
    if (keyword == "maxItems") return amount("must have at most {} elements");
    if (keyword == "uniqueItems") return "must differ from the elements before it";
    if (keyword == "minProperties") return amount("must have at least {} keys");
    if (keyword == "maxProperties") return amount("must have at most {} keys");
    if (keyword == "anyOf") return "must have one of the forms that the schema allows";
    if (keyword == "oneOf") return "must have exactly one of the forms that the schema allows";
    if (keyword == "allOf") return "must have all the forms that the schema asks for";
    if (keyword == "not") return "must not have this form";
    return "does not fit the schema";
}

}  // namespace

std::string explain(Value schema, std::string_view keyword, Value value, std::string_view pointer) {
    const std::string_view where = pointer.empty() ? "the document" : pointer;
    if (keyword == "required")
        return fmt::format("{} lacks the key {} (required)", where, missing_keys(schema, value));
    if (keyword == "additionalProperties")
        return fmt::format("{} is an unknown key (additionalProperties)", where);
    std::string text = fmt::format("{} {}", where, expectation(schema, keyword));
    const bool secret = schema.find("x-secret").as_bool().value_or(false);
    const bool scalar = !value.is_array() && !value.is_object();
    if (value && !secret && (scalar || keyword == "type"))
        text += fmt::format(", but is {}", short_text(value));
    return fmt::format("{} ({})", text, keyword);
}

}  // namespace microhost::json
