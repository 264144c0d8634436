// SPDX-License-Identifier: Apache-2.0
// One module's or filter's section: each key from its strongest source, defaults filled in, then checked as a whole.
#include <algorithm>
#include <cctype>

#include "config/assembly.hpp"
#include "json/pointer.hpp"
#include "json/schema.hpp"

namespace microhost::config {
namespace {

using json::pointer_escape;
using json::Value;

std::vector<std::string_view> types_of(Value schema) {
    const Value type = schema.find("type");
    std::vector<std::string_view> out;
    if (const auto one = type.as_string()) out.push_back(*one);
    for (Value t : type.items()) out.push_back(t.as_string().value_or(""));
    if (type) return out;
    for (Value v : schema.find("enum").items()) out.push_back(v.is_string() ? "string" : "json");
    return out;
}

bool allows(const std::vector<std::string_view>& types, std::string_view type) {
    return std::find(types.begin(), types.end(), type) != types.end();
}

std::optional<std::string> as_json(std::string_view text) {
    auto document = json::Document::parse(text);
    if (!document) return {};
    return document->text();
}

std::optional<std::string> as_bool(std::string_view text) {
    const auto on = parse_setting(Key{"", Type::boolean, "", true, ""}, text);
    if (!on) return {};
    return std::string(std::get<bool>(*on) ? "true" : "false");
}

/// The text of a flag as JSON of the type that the schema asks for; a string when nothing else fits, so that the
/// schema check has the words for what is wrong.
std::string one_text(Value schema, std::string_view text) {
    const auto types = types_of(schema);
    if (allows(types, "boolean"))
        if (auto v = as_bool(text)) return *v;
    const bool number = allows(types, "integer") || allows(types, "number");
    const bool other = allows(types, "object") || allows(types, "null") || allows(types, "json");
    if (number || other || (types.empty() && !text.empty())) {
        const auto v = as_json(text);
        const bool is_number =
            v && (v->front() == '-' || std::isdigit(static_cast<unsigned char>(v->front())));
        if (v && (number ? is_number || other : true)) return *v;
    }
    return json::quote(text);
}

std::string given_text(Value schema, const std::vector<std::string>& texts) {
    if (!allows(types_of(schema), "array")) return one_text(schema, texts.back());
    std::string out;
    json::Writer w{out};
    w.array();
    for (const std::string& text : texts) {
        if (text.starts_with('['))
            if (const auto whole = json::Document::parse(text); whole) {
                for (Value item : whole->root().items()) w.value(item);
                continue;
            }
        for (const std::string& word : split_list(text))
            w.raw(one_text(schema.find("items"), word));
    }
    w.end();
    return out;
}

void fill(json::Writer& out, Value schema, Value value);

/// The default of a key that is not there, empty when there is none. An object without a default of its own has one
/// when its members do.
std::string default_text(Value schema) {
    std::string out;
    json::Writer w{out};
    if (const Value v = schema.find("default")) {
        fill(w, schema, v);
        return out;
    }
    if (!schema.find("properties") || schema.find("required")) return {};
    static const json::Document kEmpty = json::Document::parse("{}").value();
    fill(w, schema, kEmpty.root());
    return out == "{}" ? "" : out;
}

/// Writes the value with the defaults of the members that it lacks.
void fill(json::Writer& out, Value schema, Value value) {
    if (value.is_array()) {
        out.array();
        for (Value item : value.items()) fill(out, schema.find("items"), item);
        out.end();
        return;
    }
    if (!value.is_object()) {
        out.value(value);
        return;
    }
    out.object();
    for (auto [key, member] : value.members())
        fill(out.key(key), schema.find("properties").find(key), member);
    for (auto [key, member] : schema.find("properties").members()) {
        if (value.find(key)) continue;
        if (const std::string text = default_text(member); !text.empty()) out.key(key).raw(text);
    }
    out.end();
}

std::string filled(Value schema, Value value) {
    std::string out;
    json::Writer w{out};
    fill(w, schema, value);
    return out;
}

// The value tells the names that the schema leaves open. An array is shown whole or not at all.
void find_secrets(Value schema, Value value, const std::string& at, std::set<std::string>& out) {
    if (schema.find("x-secret").as_bool().value_or(false)) out.insert(at);
    for (const char* keyword : {"allOf", "anyOf", "oneOf"})
        for (Value form : schema.find(keyword).items()) find_secrets(form, value, at, out);
    const Value properties = schema.find("properties"),
                others = schema.find("additionalProperties");
    for (auto [key, member] : properties.members())
        find_secrets(member, value.find(key), at + "/" + pointer_escape(key), out);
    for (auto [key, member] : value.members())
        if (!properties.find(key))
            find_secrets(others, member, at + "/" + pointer_escape(key), out);
    for (Value element : value.items()) {
        std::set<std::string> below;
        find_secrets(schema.find("items"), element, at, below);
        if (!below.empty()) out.insert(at);
    }
}

struct Chosen {
    std::string text;
    Origin origin;
};

std::optional<Chosen> choose(Assembly& a, const Section& s, std::string_view key, Value schema) {
    if (s.given) {
        const auto found = s.given->find(std::string(key));
        if (found != s.given->end()) {
            const auto value = parse_ours(given_text(schema, found->second.texts));
            if (value) return Chosen{filled(schema, value->root()), found->second.origin};
        }
    }
    for (const Layer& layer : s.layers) {
        const Value value = layer.object.find(key);
        if (!value) continue;
        return Chosen{filled(schema, value), a.in_file(layer.pointer + "/" + pointer_escape(key))};
    }
    std::string text = default_text(schema);
    if (text.empty()) return {};
    return Chosen{text, {}};
}

/// The origin of the key that a violation is about.
Origin blame(Assembly& a, const Section& s, const json::Violation& v) {
    const std::string first = v.pointer.substr(0, v.pointer.find('/', 1));
    const auto known = a.out.origins.find(s.pointer + first);
    if (known != a.out.origins.end() && !first.empty() && known->second.source != Source::file)
        return known->second;
    return a.in_file(s.layers.front().pointer + v.pointer);
}

}  // namespace

Merged merge(Assembly& a, const Section& s) {
    std::string text;
    json::Writer w{text};
    w.object();
    const Value properties = s.schema.find("properties");
    for (auto [key, schema] : properties.members()) {
        auto chosen = choose(a, s, key, schema);
        if (!chosen) continue;
        w.key(key).raw(chosen->text);
        a.out.origins[s.pointer + "/" + pointer_escape(key)] = std::move(chosen->origin);
    }
    // Keys that the schema does not name are kept, for the check to find or for a schema that is open.
    for (auto [key, value] : s.layers.front().object.members()) {
        if (properties.find(key)) continue;
        w.key(key).value(value);
        const std::string step = "/" + pointer_escape(key);
        a.out.origins[s.pointer + step] = a.in_file(s.layers.front().pointer + step);
    }
    w.end();
    auto config = parse_ours(text);
    if (!config) return {{}, {fmt::format("{}: {}", s.pointer, config.error().what)}};
    find_secrets(s.schema, config->root(), s.pointer, a.out.secrets);
    Merged out{std::move(*config), {}};
    const auto rules = s.rules ? Result<json::Schema>(*s.rules) : json::Schema::compile(s.schema);
    if (!rules) {
        out.problems.push_back(
            fmt::format("{}: the module's own schema is wrong: {}", s.pointer, rules.error().what));
        return out;
    }
    for (const json::Violation& v : rules->check(out.config.root(), s.pointer)) {
        if (!s.need_required && v.keyword == "required" && v.pointer.empty()) continue;
        const Origin origin = blame(a, s, v);
        const bool bare = origin.name.empty() && origin.source != Source::fallback;
        const bool plain = origin.source == Source::flag || origin.source == Source::environment;
        out.problems.push_back(
            bare ? v.text : fmt::format("{}: {}", plain ? origin.name : origin.text(), v.text));
    }
    return out;
}

}  // namespace microhost::config
