// SPDX-License-Identifier: Apache-2.0
/// Typed access to a mh_config, and which types a config may have.
#pragma once

#include <microhost/json.hpp>

#include <chrono>
#include <cstdint>
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

/// What flat options cannot say: rules, maps. Lent like text; the module gets mh::uses<mh_json> by it.
template <class T>
inline constexpr bool is_json = std::is_same_v<T, json_value>;

/// For what a table of options cannot say.
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
        } else if constexpr (is_json<T>) {
            out = json_value(api.json(config_))[path];
            return !out.is_null();
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

}  // namespace mh
