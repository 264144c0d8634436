// SPDX-License-Identifier: Apache-2.0
#include "tool/command_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "command/words.hpp"
#include "config/duration.hpp"
#include "json/nearest.hpp"

namespace microhost::tool {
namespace {

std::optional<command::Format> format_named(std::string_view text) {
    if (text == "table") return command::Format::table;
    if (text == "json") return command::Format::json;
    if (text == "raw") return command::Format::raw;
    return {};
}

/// -o is short for --output, -f for --follow.
void lengthen(const command::Definition& d, Words& words) {
    const auto end = std::find(words.begin(), words.end(), "--");
    for (auto word = words.begin(); word != end; ++word)
        if (*word == "-o")
            *word = "--output";
        else if (word->starts_with("-o="))
            word->replace(0, 2, "--output");
        else if (*word == "-f" && d.find("follow"))
            *word = "--follow";
}

Result<> take_output(const command::Definition& d, Words& words, CommandLine& out) {
    if (d.find("output")) return {};
    auto text = take(words, "output");
    if (!text) return text.error();
    if (!*text) return {};
    const auto format = format_named(**text);
    if (!format) return error("--output: {} is none of table, json, raw", json::quote(**text));
    out.format = *format;
    return {};
}

Result<> take_timeout(const command::Definition& d, Words& words, CommandLine& out) {
    if (d.find("timeout")) return {};
    auto text = take(words, "timeout");
    if (!text) return text.error();
    if (!*text) return {};
    auto ms = config::parse_duration(**text);
    if (!ms) return ms.error().context("--timeout");
    out.timeout_ms = static_cast<uint64_t>(std::min<int64_t>(ms->count(), UINT32_MAX));
    return {};
}

}  // namespace

int refuse(std::string_view what, int status) {
    fmt::print(stderr, "microhost: {}\n", what);
    return status;
}

Result<std::optional<std::string>> take(Words& words, std::string_view name) {
    std::optional<std::string> value;
    const std::string flag = fmt::format("--{}", name);
    for (size_t i = 0; i < words.size() && words[i] != "--";) {
        const bool with_value = words[i].starts_with(flag + "=");
        if (!with_value && words[i] != flag) {
            i++;
            continue;
        }
        if (!with_value && i + 1 == words.size()) return error("{} needs a value", flag);
        value = with_value ? words[i].substr(flag.size() + 1) : words[i + 1];
        words.erase(words.begin() + static_cast<ptrdiff_t>(i),
                    words.begin() + static_cast<ptrdiff_t>(i + (with_value ? 1 : 2)));
    }
    return value;
}

bool take_switch(Words& words, std::string_view flag) {
    const auto end = std::find(words.begin(), words.end(), "--");
    const auto at = std::find(words.begin(), end, flag);
    if (at == end) return false;
    words.erase(at);
    return true;
}

void print_help(const command::Definition& d, std::string_view flags) {
    fmt::print("Usage: microhost {}{}{}\n", d.usage(), flags.empty() ? "" : " ", flags);
    fmt::print("{}\n", d.summary);
    if (!d.help.empty()) fmt::print("\n{}\n", d.help);
    for (const command::Argument& a : d.args) {
        const std::string name = (a.positional() ? "" : "--") + a.name;
        fmt::print("  {:<16} {} ({}{}{})\n", name, a.summary, command::type_name(a.type),
                   a.choices.empty() ? "" : ": " + a.choices,
                   a.has_value ? "; default " + a.value : "");
    }
    if (!d.role.empty()) fmt::print("Needs the role {}.\n", d.role);
    if (!d.examples.empty()) fmt::print("\n{}\n", d.examples);
}

Result<CommandLine> read_command_line(const command::Definition& d, Words words) {
    CommandLine out;
    lengthen(d, words);
    if (auto ok = take_output(d, words, out); !ok) return ok.error();
    if (auto ok = take_timeout(d, words, out); !ok) return ok.error();
    auto given = command::read_words(d, words);
    if (!given) return given.error();
    const auto checked = command::Values::check(d, *given);
    if (!checked) return checked.error();
    if (const auto own = format_named(checked->text("output"))) out.format = *own;
    out.given = std::move(*given);
    return out;
}

bool colours_wanted() {
    if (std::getenv("NO_COLOR")) return false;
    return ::isatty(STDOUT_FILENO) || std::getenv("CLICOLOR_FORCE");
}

}  // namespace microhost::tool
