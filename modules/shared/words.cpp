// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include <algorithm>
#include <utility>

namespace microhost::shared {
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
    // Each attempt reads to the end: a second one that fails would make the whole quadratic.
    bool json_closes = true;
    for (size_t i = 0; i < line.size(); i++) {
        const char c = line[i];
        if (!quote && is_space(c)) {
            out.in_word = false;
            continue;
        }
        const bool first = !std::exchange(out.in_word, true);
        if (first) out.words.push_back({{}, i});
        std::string& text = out.words.back().text;
        const bool opens = first && json_closes && (c == '{' || c == '[');
        const size_t json = opens ? json_length(line.substr(i)) : 0;
        json_closes = json_closes && (!opens || json != 0);
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

}  // namespace microhost::shared
