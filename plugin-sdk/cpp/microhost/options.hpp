// SPDX-License-Identifier: Apache-2.0
/// A config struct whose names, defaults and texts stand in one table: it fills the struct and writes the schema.
///
///     struct config {
///         std::string_view header;
///         std::int64_t rate;
///         static constexpr auto options = mh::options(
///             mh::option("header", &config::header, "authorization", "Field that carries the token"),
///             mh::option("rate", &config::rate, 5, "Requests a second").range(1, 1000),
///             mh::required("file", &config::file, "File of tokens, one a line"),
///             mh::option("types", &config::types, "text/html, text/css", "A list: its default is split at commas"),
///             mh::option("rules", &config::rules, "[]", "Any JSON").shape(R"("type":"array")"));
///     };
#pragma once

#include <microhost/config_reader.hpp>

#include <tuple>

namespace mh {

/// How a default is written in the table: that of a list as its items with commas, that of JSON as its text.
template <class T>
using written = std::conditional_t<is_text<T> || is_list<T> || is_json<T>, string_view, T>;

template <class Config, class T>
struct Option {
    const char* name;
    T Config::*member;
    written<T> fallback;
    const char* doc;
    bool is_required = false;
    bool is_secret = false;
    bool has_range = false;
    std::int64_t low = 0, high = 0;
    const char* const* choices = nullptr;
    string_view members = {};

    constexpr Option range(std::int64_t from, std::int64_t to) const {
        Option o = *this;
        o.has_range = true, o.low = from, o.high = to;
        return o;
    }
    /// `list` ends with nullptr and has static storage.
    constexpr Option one_of(const char* const* list) const {
        Option o = *this;
        o.choices = list;
        return o;
    }
    /// For JSON: what its schema says beside description and default, without the braces.
    constexpr Option shape(string_view schema_members) const {
        Option o = *this;
        o.members = schema_members;
        return o;
    }
    constexpr Option secret() const {
        Option o = *this;
        o.is_secret = true;
        return o;
    }
};

template <class C, class T, class D>
constexpr Option<C, T> option(const char* name, T C::*member, D fallback, const char* doc) {
    return {name, member, written<T>(fallback), doc};
}
template <class C, class T>
constexpr Option<C, T> required(const char* name, T C::*member, const char* doc) {
    return {name, member, written<T>{}, doc, true};
}
template <class... Options>
constexpr std::tuple<Options...> options(Options... o) {
    return {o...};
}

template <class Config, class T>
void read_option(const config_reader& from, const Option<Config, T>& o, Config& to) {
    if constexpr (!is_list<T> && !is_json<T>) to.*o.member = T(o.fallback);
    if (!from.read(o.name, to.*o.member) && o.is_required) {
        throw failure(std::string(o.name) + ": a value is required", "/" + std::string(o.name));
    }
}

template <class Config>
Config read_config(const mh_config* c) {
    Config out{};
    const config_reader reader(c);
    std::apply([&](const auto&... o) { (read_option(reader, o, out), ...); }, Config::options);
    return out;
}

/// Whether one of the options is JSON.
template <class Config>
constexpr bool reads_json() {
    return std::apply(
        []<class... C, class... T>(const Option<C, T>&...) { return (false || ... || is_json<T>); },
        Config::options);
}

/// A part without options has this one.
struct no_config {
    static constexpr auto options = mh::options();
};

}  // namespace mh
