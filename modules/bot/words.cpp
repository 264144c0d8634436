// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include <algorithm>
#include <utility>

namespace microhost::bot {
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

bool split_words(std::string_view text, Words& out, std::string& why) {
    bool in_word = false;
    char quote = 0;
    // Each attempt reads to the end: a second one that fails would make the whole quadratic.
    bool json_closes = true;
    for (size_t i = 0; i < text.size(); i++) {
        const char c = text[i];
        if (!quote && is_space(c)) {
            in_word = false;
            continue;
        }
        const bool first = !std::exchange(in_word, true);
        if (first) out.emplace_back();
        const bool opens = first && json_closes && (c == '{' || c == '[');
        const size_t json = opens ? json_length(text.substr(i)) : 0;
        json_closes = json_closes && (!opens || json != 0);
        if (json) {
            out.back() = text.substr(i, json);
            i += json - 1;
        } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
            out.back() += text[++i];
        } else if (!quote && (c == '\'' || c == '"')) {
            quote = c;
        } else if (c == quote) {
            quote = 0;
        } else {
            out.back() += c;
        }
    }
    if (quote) why = std::string("the quote ") + quote + " is not closed";
    return !quote;
}

std::string quoted_word(std::string_view word) {
    constexpr std::string_view kPlain = "_-./:=@%+,~";
    const auto plain = [&](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c >= 0x80 || kPlain.find(static_cast<char>(c)) != kPlain.npos;
    };
    if (!word.empty() && std::ranges::all_of(word, plain)) return std::string(word);
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string quoted_line(const Words& words, size_t from) {
    std::string out;
    for (size_t i = from; i < words.size(); ++i)
        out += (i == from ? "" : " ") + quoted_word(words[i]);
    return out;
}

std::string_view behind(std::string_view text, size_t n) {
    const auto skip = [&](bool spaces) {
        size_t i = 0;
        while (i < text.size() && is_space(text[i]) == spaces) i++;
        text.remove_prefix(i);
    };
    skip(true);
    while (n-- > 0) skip(false), skip(true);
    return text;
}

}  // namespace microhost::bot
