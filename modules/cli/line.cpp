// SPDX-License-Identifier: Apache-2.0
#include "line.hpp"

#include <algorithm>
#include <utility>

namespace microhost::cli {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Bytes of the JSON at the beginning, up to its last bracket; 0 when it is not closed.
size_t json_length(std::string_view text) {
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size(); i++) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') i++;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

/// Micro's interactive mode knew these with one word less.
struct Short {
    std::string_view verb, rest;
    bool alone;  ///< with nothing but flags behind it, else with a word
};
constexpr Short kShort[] = {{"list", "services", true},
                            {"get", "service", false},
                            {"register", "service", false},
                            {"deregister", "service", false}};

Words renamed(Words words) {
    if (!words.empty() && (words[0] == "microhost" || words[0] == "micro"))
        words.erase(words.begin());
    if (words.empty()) return words;
    if (words[0] == "ls") words[0] = "list";
    if (words[0] == "?") words[0] = "help";
    if (words[0] == "services") words[0] = "list", words.insert(words.begin() + 1, "services");
    return words;
}

bool is_flag(std::string_view word) { return word.starts_with("-") && word.size() > 1; }

}  // namespace

std::string Line::problem() const {
    if (words.empty() || !words.back().open) return {};
    std::string out = "the quote ";
    out += words.back().open;
    return out + " is not closed";
}

Words Line::texts() const {
    Words out;
    for (const Word& w : words) out.push_back(w.text);
    return out;
}

Line split(std::string_view line) {
    Line out;
    char quote = 0;
    for (size_t i = 0; i < line.size(); i++) {
        const char c = line[i];
        if (!quote && is_space(c)) {
            out.in_word = false;
            continue;
        }
        const bool first = !std::exchange(out.in_word, true);
        if (first) out.words.push_back({{}, i});
        std::string& text = out.words.back().text;
        const size_t json = first && (c == '{' || c == '[') ? json_length(line.substr(i)) : 0;
        if (json) {
            text = line.substr(i, json);
            i += json - 1;
        } else if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
            text += line[++i];
        } else if (!quote && (c == '\'' || c == '"')) {
            quote = c;
        } else if (c == quote) {
            quote = 0;
        } else {
            text += c;
        }
    }
    if (quote) out.words.back().open = quote;
    return out;
}

std::string quoted_word(std::string_view word, bool open) {
    constexpr std::string_view kPlain = "_-./:=@%+,~";
    const auto plain = [&](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c >= 0x80 || kPlain.find(static_cast<char>(c)) != kPlain.npos;
    };
    if ((!word.empty() || open) && std::ranges::all_of(word, plain)) return std::string(word);
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return open ? out : out + "'";
}

Words expanded(Words words) {
    words = renamed(std::move(words));
    if (words.empty()) return words;
    const bool alone = std::all_of(words.begin() + 1, words.end(), is_flag);
    for (const Short& s : kShort)
        if (words[0] == s.verb && alone == s.alone && (alone || words[1] != s.rest) &&
            (alone || !is_flag(words[1]))) {
            words.insert(words.begin() + 1, std::string(s.rest));
            break;
        }
    return words;
}

std::vector<Words> completed(const Words& words, std::string_view prefix) {
    const Words given = renamed(words);
    std::vector<Words> out{given};
    if (!given.empty() && given[0] == "help") return {Words(given.begin() + 1, given.end())};
    for (const Short& s : kShort) {
        if (given.size() != 1 || given[0] != s.verb || (s.alone && !is_flag(prefix))) continue;
        Words longer{given[0], std::string(s.rest)};
        out.push_back(std::move(longer));
        break;
    }
    if (const Words longer = expanded(given); given.size() > 1 && longer != given)
        out.front() = longer;
    return out;
}

}  // namespace microhost::cli
