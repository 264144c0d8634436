// SPDX-License-Identifier: Apache-2.0
#include "json/schema_rules.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "json/nearest.hpp"
#include "json/pointer.hpp"

namespace microhost::json {
namespace {

constexpr std::size_t kMostSchemas = 4096;  // of one document, so that compiling stays cheap
constexpr std::size_t kMostNames = 512;     // of one object: the compiler's look-ups are linear
constexpr std::uint64_t kMostCount = 1U << 30U;

enum class Form {
    any,
    count,
    number,
    positive,
    flag,
    type,
    values,
    names,
    schema,
    schemas,
    map,
    either,
    pattern
};

struct Keyword {
    std::string_view name;
    Form form;
};

constexpr std::array kKeywords{
    Keyword{"type", Form::type},
    Keyword{"enum", Form::values},
    Keyword{"properties", Form::map},
    Keyword{"required", Form::names},
    Keyword{"additionalProperties", Form::either},
    Keyword{"minProperties", Form::count},
    Keyword{"maxProperties", Form::count},
    Keyword{"items", Form::schema},
    Keyword{"minItems", Form::count},
    Keyword{"maxItems", Form::count},
    Keyword{"uniqueItems", Form::flag},
    Keyword{"minimum", Form::number},
    Keyword{"maximum", Form::number},
    Keyword{"exclusiveMinimum", Form::flag},
    Keyword{"exclusiveMaximum", Form::flag},
    Keyword{"multipleOf", Form::positive},
    Keyword{"minLength", Form::count},
    Keyword{"maxLength", Form::count},
    Keyword{"pattern", Form::pattern},
    Keyword{"allOf", Form::schemas},
    Keyword{"anyOf", Form::schemas},
    Keyword{"oneOf", Form::schemas},
    Keyword{"not", Form::schema},
    Keyword{"title", Form::any},
    Keyword{"description", Form::any},
    Keyword{"default", Form::any},
    Keyword{"examples", Form::any},
    Keyword{"format", Form::any},
    Keyword{"id", Form::any},
    Keyword{"$schema", Form::any},
};

constexpr std::array<std::string_view, 7> kTypes{"null",   "boolean", "object", "array",
                                                 "string", "number",  "integer"};

bool is_type(Value v) {
    const auto text = v.as_string();
    return text && std::find(kTypes.begin(), kTypes.end(), *text) != kTypes.end();
}

bool are_names(Value v) {
    std::set<std::string_view> seen;
    for (Value item : v.items())
        if (!item.is_string() || !seen.insert(*item.as_string()).second) return false;
    return v.is_array() && v.size() > 0 && v.size() <= kMostNames;
}

bool are_types(Value v) {
    for (Value item : v.items())
        if (!is_type(item)) return false;
    return is_type(v) || are_names(v);
}

/// Walks the schema and all schemas inside it.
class Walk {
  public:
    Result<> schema(Value s, const std::string& at) {
        if (++schemas_ > kMostSchemas) return error("more than {} schemas in one", kMostSchemas);
        if (!s.is_object()) return wrong(at, "a schema must be an object");
        for (auto [key, value] : s.members()) {
            if (key.starts_with("x-")) continue;
            const auto* known =
                std::find_if(kKeywords.begin(), kKeywords.end(),
                             [&, k = key](const Keyword& w) { return w.name == k; });
            const std::string here = at + "/" + pointer_escape(key);
            if (known == kKeywords.end())
                return wrong(here, fmt::format("this keyword is not supported{}", similar(key)));
            if (auto r = keyword(known->form, value, here); !r) return r;
        }
        return {};
    }

  private:
    static Result<> wrong(const std::string& at, std::string_view why) {
        return error("{}: {}", at.empty() ? "the schema" : at, why);
    }

    static std::string similar(std::string_view key) {
        std::vector<std::string_view> names;
        for (const Keyword& k : kKeywords) names.push_back(k.name);
        return did_you_mean(key, names);
    }

    Result<> keyword(Form form, Value v, const std::string& at) {
        const auto must = [&](bool fine, std::string_view what) -> Result<> {
            if (fine) return {};
            return wrong(at, fmt::format("must be {}", what));
        };
        switch (form) {
            case Form::any: return {};
            case Form::count:
                return must(v.as_uint64().value_or(~0ULL) <= kMostCount, "a count from 0 to 2^30");
            case Form::number: return must(v.is_number(), "a number");
            case Form::positive: return must(v.as_double().value_or(0) > 0, "a number above 0");
            case Form::flag: return must(v.is_bool(), "true or false");
            case Form::type:
                return must(are_types(v), "the name of a JSON type, or a list of them");
            case Form::values: return must(v.is_array() && v.size() > 0, "a list of values");
            case Form::names: return must(are_names(v), "a list of different names");
            case Form::schema: return schema(v, at);
            case Form::either: return v.is_bool() ? Result<>{} : schema(v, at);
            case Form::schemas: return list(v, at);
            case Form::map: return map(v, at);
            case Form::pattern: return pattern(v, at);
        }
        return {};
    }

    Result<> list(Value v, const std::string& at) {
        if (!v.is_array() || v.size() == 0) return wrong(at, "must be a list of schemas");
        for (std::size_t i = 0; i < v.size(); ++i)
            if (auto r = schema(v.at(i), fmt::format("{}/{}", at, i)); !r) return r;
        return {};
    }

    Result<> map(Value v, const std::string& at) {
        if (!v.is_object() || v.size() > kMostNames)
            return wrong(at, fmt::format("must be an object of at most {} schemas", kMostNames));
        for (auto [name, value] : v.members())
            if (auto r = schema(value, at + "/" + pointer_escape(name)); !r) return r;
        return {};
    }

    Result<> pattern(Value v, const std::string& at) {
        if (!v.is_string()) return wrong(at, "must be a string");
        if (auto r = check_pattern(*v.as_string()); !r) return wrong(at, r.error().what);
        return {};
    }

    std::size_t schemas_ = 0;
};

}  // namespace

Result<> check_schema(Value schema) { return Walk{}.schema(schema, ""); }

}  // namespace microhost::json
