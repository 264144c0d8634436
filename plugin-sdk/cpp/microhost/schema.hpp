// SPDX-License-Identifier: Apache-2.0
/// The JSON schema of a config struct, written while compiling from its table of options.
#pragma once

#include <microhost/options.hpp>

namespace mh {

template <class C, class T>
constexpr void write_option(Writer& w, const Option<C, T>& o) {
    w.quote(o.name);
    w.text(R"(:{"type":)");
    if constexpr (is_text<T>)
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
    w.text(R"(,"description":)");
    w.quote(o.doc);
    if (!o.is_required) {
        w.text(R"(,"default":)");
        if constexpr (is_text<T>)
            w.quote(o.fallback);
        else if constexpr (std::is_same_v<T, bool>)
            w.text(o.fallback ? "true" : "false");
        else if constexpr (is_list<T>)
            w.text("[]");
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
