// SPDX-License-Identifier: Apache-2.0
/// A config struct whose names, defaults and texts stand in one table: it fills the struct and writes the schema.
///
///     struct config {
///         std::string_view header;
///         std::int64_t rate;
///         static constexpr auto options = mh::options(
///             mh::option("header", &config::header, "authorization", "Field that carries the token"),
///             mh::option("rate", &config::rate, 5, "Requests a second").range(1, 1000),
///             mh::required("file", &config::file, "File of tokens, one a line"));
///     };
#pragma once

#include <microhost/host.hpp>

#include <chrono>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <vector>

namespace mh {

/// Text that is lent by the host: as long as the filter instance or the module lives.
template <class T>
inline constexpr bool is_text = std::is_same_v<T, string_view> || std::is_same_v<T, std::string>;
template <class T>
inline constexpr bool is_list =
    std::is_same_v<T, std::vector<string_view>> || std::is_same_v<T, std::vector<std::string>>;
template <class T>
inline constexpr bool is_time = std::is_same_v<T, std::chrono::milliseconds>;

/// How a default is written in the table: lists have none but the empty one.
template <class T>
using written = std::conditional_t<is_text<T> || is_list<T>, string_view, T>;

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

/// Typed access to a mh_config, for what a table of options cannot say.
class config_reader {
  public:
    explicit config_reader(const mh_config* c) : config_(c) {}

    /// False when there is neither a value nor a default; throws when the value has another type.
    template <class T>
    bool read(const char* path, T& out) const {
        const auto& api = use<mh_config_api>();
        if constexpr (is_text<T>) {
            mh_str s;
            return done(path, api.string(config_, path, &s)) && (out = view(s), true);
        } else if constexpr (std::is_same_v<T, bool>) {
            int32_t v;
            return done(path, api.boolean(config_, path, &v)) && (out = v != 0, true);
        } else if constexpr (is_time<T>) {
            uint64_t v;
            return done(path, api.duration_ms(config_, path, &v)) && (out = T(v), true);
        } else if constexpr (std::is_floating_point_v<T>) {
            double v;
            return done(path, api.number(config_, path, &v)) && (out = static_cast<T>(v), true);
        } else if constexpr (std::is_integral_v<T>) {
            int64_t v;
            return done(path, api.integer(config_, path, &v)) && (out = static_cast<T>(v), true);
        } else {
            static_assert(is_list<T>, "no such type in a config");
            uint32_t n = 0;
            if (!done(path, api.count(config_, path, &n))) return false;
            out.clear();
            for (uint32_t i = 0; i < n; ++i) {
                mh_str s{};
                done(path, api.string_at(config_, path, i, &s));
                out.emplace_back(view(s));
            }
            return true;
        }
    }

  private:
    static bool done(const char* path, mh_status s) {
        if (s == MH_OK) return true;
        if (s == MH_E_NOT_FOUND) return false;
        throw failure(std::string(path) + ": the value has the wrong type",
                      "/" + std::string(path));
    }
    const mh_config* config_;
};

template <class Config, class T>
void read_option(const config_reader& from, const Option<Config, T>& o, Config& to) {
    if constexpr (!is_list<T>) to.*o.member = T(o.fallback);
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

/// A part without options has this one.
struct no_config {
    static constexpr auto options = mh::options();
};

}  // namespace mh
