// SPDX-License-Identifier: Apache-2.0
/// The JSON schema of a config struct, written while compiling from its table of options.
#pragma once

#include <microhost/options.hpp>

namespace mh {

/// "a, b" as ["a","b"].
constexpr void write_list(Writer& w, string_view items) {
    w.push_back('[');
    for (bool first = true; !items.empty(); first = false) {
        const std::size_t comma = items.find(',');
        string_view item = items.substr(0, comma);
        items = comma == string_view::npos ? string_view{} : items.substr(comma + 1);
        while (item.starts_with(' ')) item.remove_prefix(1);
        if (!first) w.push_back(',');
        w.quote(item);
    }
    w.push_back(']');
}

/// The default of JSON: empty when there is none.
template <class C, class T>
constexpr string_view fallback_text(const Option<C, T>& o) {
    if constexpr (is_json<T>) return o.fallback;
    return {};
}

template <class C, class T>
constexpr void write_option(Writer& w, const Option<C, T>& o) {
    w.quote(o.name);
    w.text(is_json<T> ? ":{" : R"(:{"type":)");
    if constexpr (is_json<T>)
        w.text(o.members);
    else if constexpr (is_text<T>)
        w.text(R"("string")");
    else if constexpr (std::is_same_v<T, bool>)
        w.text(R"("boolean")");
    else if constexpr (is_time<T>)
        w.text(R"(["string","number"])");
    else if constexpr (std::is_floating_point_v<T>)
        w.text(R"("number")");
    else if constexpr (is_list<T>)
        w.text(R"("array","items":{"type":"string"})");
    else
        w.text(R"("integer")");
    w.text(is_json<T> && o.members.empty() ? R"("description":)" : R"(,"description":)");
    w.quote(o.doc);
    if (!o.is_required && !(is_json<T> && fallback_text(o).empty())) {
        w.text(R"(,"default":)");
        if constexpr (is_text<T>)
            w.quote(o.fallback);
        else if constexpr (std::is_same_v<T, bool>)
            w.text(o.fallback ? "true" : "false");
        else if constexpr (is_list<T>)
            write_list(w, o.fallback);
        else if constexpr (is_json<T>)
            w.text(o.fallback);
        else if constexpr (std::is_floating_point_v<T>)
            w.number(o.fallback);
        else if constexpr (is_time<T>) {  // "500ms": a bare number would be seconds
            w.push_back('"'), w.integer(o.fallback.count()), w.text("ms\"");
        } else
            w.integer(o.fallback);
    }
    if (o.has_range) {
        w.text(R"(,"minimum":)"), w.integer(o.low);
        w.text(R"(,"maximum":)"), w.integer(o.high);
    }
    if (o.choices) {
        w.text(R"(,"enum":[)");
        for (const char* const* c = o.choices; *c; ++c) {
            if (c != o.choices) w.push_back(',');
            w.quote(*c);
        }
        w.push_back(']');
    }
    if (o.is_secret) w.text(R"(,"x-secret":true)");
    w.push_back('}');
}

template <class Config>
constexpr void write_schema(Writer& w) {
    w.text(R"({"type":"object","properties":{)");
    std::apply(
        [&](const auto&... o) {
            bool first = true;
            ((first ? void(first = false) : w.push_back(','), write_option(w, o)), ...);
        },
        Config::options);
    w.push_back('}');
    const bool any = std::apply([](const auto&... o) { return (false || ... || o.is_required); },
                                Config::options);
    if (any) {
        w.text(R"(,"required":[)");
        std::apply(
            [&](const auto&... o) {
                bool first = true;
                ((o.is_required ? (first ? void(first = false) : w.push_back(','), w.quote(o.name))
                                : void()),
                 ...);
            },
            Config::options);
        w.push_back(']');
    }
    w.text(R"(,"additionalProperties":false})");
}

}  // namespace mh
