// SPDX-License-Identifier: Apache-2.0
#include "json/schema.hpp"

#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>

#include "json/nearest.hpp"
#include "json/pointer.hpp"
#include "json/rapid.hpp"
#include "json/schema_rules.hpp"

namespace microhost::json {

struct Schema::Compiled {
    rapidjson::Document source;
    std::unique_ptr<rapidjson::SchemaDocument> schema;
    SchemaOptions options;
};

namespace {

std::string text_of(const rapidjson::Pointer& pointer) {
    rapidjson::StringBuffer out;
    pointer.Stringify(out);
    return {out.GetString(), out.GetSize()};
}

/// RapidJSON would find unknown keys too, but only the first, and without a suggestion.
class UnknownKeys {
  public:
    UnknownKeys(bool closed, std::string_view where, std::vector<Violation>& out)
        : closed_(closed), where_(where), out_(out) {}

    void walk(Value schema, Value value, const std::string& at) {
        const Value items = schema.find("items");
        for (std::size_t i = 0; items && value.is_array() && i < value.size(); ++i)
            walk(items, value.at(i), fmt::format("{}/{}", at, i));
        const Value properties = schema.find("properties");
        const Value others = schema.find("additionalProperties");
        const bool open = others ? !others.is_bool() || *others.as_bool() : !closed_ || !properties;
        for (auto [key, member] : value.members()) {
            const std::string here = at + "/" + pointer_escape(key);
            if (const Value known = properties.find(key)) {
                walk(known, member, here);
            } else if (others.is_object()) {
                walk(others, member, here);
            } else if (!open) {
                report(key, properties, at, here);
            }
        }
    }

  private:
    void report(std::string_view key, Value properties, const std::string& at, std::string here) {
        std::vector<std::string_view> known;
        for (auto [name, schema] : properties.members()) known.push_back(name);
        const std::string place = where_ + at;
        out_.push_back({std::move(here), "additionalProperties",
                        fmt::format("unknown key {}{}{}{}", quote_short(key),
                                    place.empty() ? "" : " in ", place, did_you_mean(key, known))});
    }

    bool closed_;
    std::string where_;
    std::vector<Violation>& out_;
};

}  // namespace

Result<Schema> Schema::compile(Value schema, const SchemaOptions& options) {
    if (auto r = check_schema(schema); !r) return r.error();
    auto compiled = std::make_shared<Compiled>();
    compiled->source.CopyFrom(rapid(schema.node()), compiled->source.GetAllocator());
    compiled->schema = std::make_unique<rapidjson::SchemaDocument>(compiled->source);
    compiled->options = options;
    return Schema{std::move(compiled)};
}

Value Schema::source() const { return view(compiled_->source); }

std::vector<Violation> Schema::check(Value value, std::string_view where) const {
    std::vector<Violation> out;
    UnknownKeys{compiled_->options.closed, where, out}.walk(source(), value, "");
    static const rapidjson::Value kNull;
    rapidjson::SchemaValidator validator(*compiled_->schema);
    if ((value ? rapid(value.node()) : kNull).Accept(validator)) return out;
    const char* keyword = validator.GetInvalidSchemaKeyword();
    Violation v{text_of(validator.GetInvalidDocumentPointer()), keyword ? keyword : "schema", {}};
    if (v.keyword == "additionalProperties" && !out.empty()) return out;
    const Value broken = source().find_pointer(text_of(validator.GetInvalidSchemaPointer()));
    v.text =
        explain(broken, v.keyword, value.find_pointer(v.pointer), std::string(where) + v.pointer);
    out.push_back(std::move(v));
    return out;
}

Result<> Schema::validate(Value value, std::string_view where) const {
    auto violations = check(value, where);
    if (violations.empty()) return {};
    return Error{std::move(violations.front().text)};
}

}  // namespace microhost::json
