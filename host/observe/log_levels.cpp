// SPDX-License-Identifier: Apache-2.0
#include "observe/log_levels.hpp"

#include "observe/log.hpp"

namespace microhost::log {
namespace {

std::string_view trim(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

bool below(std::string_view domain, std::string_view parent) {
    return domain.starts_with(parent) &&
           (domain.size() == parent.size() || domain[parent.size()] == '/');
}

}  // namespace

Result<Level> parse_level(std::string_view name) {
    if (name == "warning") return Level::warn;
    for (const Level level : {Level::debug, Level::info, Level::warn, Level::error}) {
        if (name == level_name(level)) return level;
    }
    return error("\"{}\" is not a log level; write debug, info, warn or error", name);
}

Result<Levels> Levels::parse(std::string_view text) {
    Levels levels;
    while (true) {
        const std::size_t comma = text.find(',');
        const std::string_view item = trim(text.substr(0, comma));
        const std::size_t equals = item.find('=');
        const bool exception = equals != std::string_view::npos;
        const auto level = parse_level(trim(exception ? item.substr(equals + 1) : item));
        if (!level) return level.error();
        const std::string_view name = exception ? trim(item.substr(0, equals)) : "";
        if (exception && name.empty()) return error("the log level \"{}\" names no domain", item);
        if (exception) {
            levels.exceptions.emplace_back(name, *level);
        } else {
            levels.standard = *level;
        }
        if (comma == std::string_view::npos) return levels;
        text.remove_prefix(comma + 1);
    }
}

Level Levels::of(std::string_view domain) const {
    Level level = standard;
    std::size_t longest = 0;
    for (const auto& [name, own] : exceptions) {
        if (name.size() < longest || !below(domain, name)) continue;
        longest = name.size();
        level = own;
    }
    return level;
}

}  // namespace microhost::log
