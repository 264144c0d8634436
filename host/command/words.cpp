// SPDX-License-Identifier: Apache-2.0
#include "command/words.hpp"

#include <fmt/format.h>

#include "json/nearest.hpp"

namespace microhost::command {
namespace {

constexpr size_t kShown = 80;  // of what was typed, in a message

const Argument* next_place(const Definition& d, size_t& place) {
    size_t seen = 0;
    for (const Argument& a : d.args)
        if (a.positional() && seen++ == place) {
            if (!a.repeated()) place++;
            return &a;
        }
    return nullptr;
}

Error unknown_flag(const Definition& d, std::string_view name) {
    std::vector<std::string> flags;
    for (const Argument& a : d.args) flags.push_back("--" + a.name);
    const std::vector<std::string_view> known(flags.begin(), flags.end());
    const std::string given = fmt::format("--{}", name);
    return error("\"{}\" has no flag {}{}", d.name, given, json::did_you_mean(given, known));
}

}  // namespace

Result<std::vector<std::string>> split(std::string_view line) {
    std::vector<std::string> words;
    bool in_word = false;
    char quote = 0;
    for (size_t i = 0; i < line.size(); i++) {
        const char c = line[i];
        if (!quote && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
            in_word = false;
            continue;
        }
        if (!in_word) words.emplace_back();
        in_word = true;
        if (c == '\\' && quote != '\'' && i + 1 < line.size())
            words.back() += line[++i];
        else if (!quote && (c == '\'' || c == '"'))
            quote = c;
        else if (c == quote)
            quote = 0;
        else
            words.back() += c;
    }
    if (quote) return error("the quote {} is not closed", quote);
    return words;
}

size_t matches(const Definition& d, std::span<const std::string> words) {
    std::string_view rest = d.name;
    size_t n = 0;
    while (!rest.empty()) {
        const size_t space = rest.find(' ');
        if (n == words.size() || words[n] != rest.substr(0, space)) return 0;
        n++;
        rest.remove_prefix(space == rest.npos ? rest.size() : space + 1);
    }
    return n;
}

Result<Given> read_words(const Definition& d, std::span<const std::string> words) {
    Given out;
    size_t place = 0;
    bool flags = true;
    for (size_t i = 0; i < words.size(); i++) {
        const std::string_view w = words[i];
        if (flags && w == "--") {
            flags = false;
        } else if (flags && w.starts_with("--")) {
            const size_t equals = w.find('=');
            const std::string_view name = w.substr(2, equals == w.npos ? equals : equals - 2);
            const Argument* a = d.find(name);
            if (!a) return unknown_flag(d, name);
            if (equals != w.npos)
                out.emplace_back(a->name, w.substr(equals + 1));
            else if (a->type == MH_TYPE_BOOL)
                out.emplace_back(a->name, "true");
            else if (i + 1 < words.size())
                out.emplace_back(a->name, words[++i]);
            else
                return error("--{} needs a value; usage: {}", a->name, d.usage());
        } else if (const Argument* a = next_place(d, place)) {
            out.emplace_back(a->name, w);
        } else {
            return error("\"{}\" takes no further {}; usage: {}", d.name, json::quote_short(w),
                         d.usage());
        }
    }
    return out;
}

std::string no_such_command(std::span<const std::string> words,
                            const std::vector<std::string_view>& names) {
    // As many words as a name has: "modules relod api" is compared with "modules reload" as "modules relod".
    std::string typed, near, next;
    for (const std::string& w : words) {
        if (typed.size() > kShown) break;
        typed += (typed.empty() ? "" : " ") + w;
        if (near.empty()) near = json::did_you_mean(typed, names);
    }
    for (std::string_view n : names)
        if (n.starts_with(typed + " ")) {
            n.remove_prefix(typed.size() + 1);
            next += fmt::format("{}{}", next.empty() ? "" : ", ", n.substr(0, n.find(' ')));
        }
    if (!next.empty()) return fmt::format("\"{}\" needs a word more: {}", typed, next);
    return fmt::format("there is no command {}{}", json::quote_short(typed), near);
}

}  // namespace microhost::command
