// SPDX-License-Identifier: Apache-2.0
/// The one table of the host's own settings: --help, --print_schema, validation and defaults are made from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "json/value.hpp"
#include "json/writer.hpp"
#include "result.hpp"

namespace microhost::config {

/// paths: directories, ':' between them in a flag or variable; list: ',' between.
enum class Type : std::uint8_t { boolean, integer, size, duration, string, choice, list, paths };

struct Key {
    std::string_view
        path;  ///< in the `host` object, steps joined by '/'; the flag is the same with '_'
    Type type;
    std::string_view fallback;  ///< the default as a flag would give it
    bool live;                  ///< a reload applies it; else it needs a new worker
    std::string_view doc;
    std::string_view choices = {};  ///< separated by spaces; for an integer: words that mean 0
    std::string_view alias = {};  ///< a second path (and so flag and variable) for the same setting
    std::string_view variable = {};  ///< a second variable, which Micro has
};

std::span<const Key> keys();
const Key* find_key(std::string_view path);
const Key* find_flag(std::string_view flag);  ///< "log_level", alias included

std::string flag_name(std::string_view path);      ///< "log/level" -> "log_level"
std::string variable_name(std::string_view path);  ///< "log/level" -> "MICROHOST_LOG_LEVEL"

using Setting = std::variant<bool, std::int64_t, std::chrono::milliseconds, std::string,
                             std::vector<std::string>>;

/// Errors say what was expected, not where.
Result<Setting> parse_setting(const Key& key, std::string_view text);  ///< of a flag or variable
Result<Setting> parse_setting(const Key& key, json::Value value);      ///< of the file
void write_setting(json::Writer& out, const Key& key, const Setting& setting);

/// Commas between, spaces around trimmed, empty elements dropped.
std::vector<std::string> split_list(std::string_view text, char separator = ',');

}  // namespace microhost::config
