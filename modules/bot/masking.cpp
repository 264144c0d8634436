// SPDX-License-Identifier: Apache-2.0
#include "masking.hpp"

#include <algorithm>

#include "../shared/text.hpp"
#include "utf8.hpp"

namespace microhost::bot {
namespace {

constexpr size_t kLongest = 512;
constexpr std::string_view kHidden = "***";

bool sounds_secret(std::string_view name) {
    std::string low(name.substr(0, 128));
    std::ranges::transform(low, low.begin(), shared::lower);
    for (const std::string_view word : {"passw", "passwd", "pwd", "secret", "token", "credential",
                                        "apikey", "api_key", "api-key", "private", "authorization"})
        if (low.find(word) != low.npos) return true;
    return false;
}

size_t end_of_string(std::string_view text, size_t i) {
    for (++i; i < text.size() && text[i] != '"'; ++i)
        if (text[i] == '\\') ++i;
    return std::min(i + 1, text.size());
}

/// The end of the value that begins at `i`: a string, something in brackets, or a bare word.
size_t end_of_value(std::string_view text, size_t i) {
    size_t depth = 0;
    while (i < text.size()) {
        const char c = text[i];
        if (c == '"') {
            i = end_of_string(text, i);
        } else if (c == '}' || c == ']' || c == ',') {
            if (depth == 0) return i;
            depth -= c == ',' ? 0 : 1;
            ++i;
        } else {
            depth += c == '{' || c == '[' ? 1 : 0;
            ++i;
        }
        if (depth == 0 && (c == '"' || c == '}' || c == ']')) return i;
    }
    return i;
}

std::string masked_json(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    std::string out;
    for (size_t i = 0; i < text.size();) {
        if (text[i] != '"') {
            out += text[i++];
            continue;
        }
        const size_t end = end_of_string(text, i);
        const std::string_view string = text.substr(i, end - i);
        out += string;
        i = end;
        const size_t colon = text.find_first_not_of(kSpace, end);
        if (colon == text.npos || text[colon] != ':' || !sounds_secret(string)) continue;
        const size_t value = text.find_first_not_of(kSpace, colon + 1);
        out += ":\"***\"";
        i = end_of_value(text, std::min(value, text.size()));
    }
    return out;
}

bool is_json(std::string_view word) { return word.starts_with('{') || word.starts_with('['); }

}  // namespace

std::string masked(const Words& words, size_t from, const SecretArguments& secret) {
    std::string out;
    size_t place = 0;
    bool hide = false, flags = true;
    for (size_t i = from; i < words.size() && out.size() <= kLongest; ++i) {
        const std::string_view w = words[i];
        const size_t equals = w.find('=');
        std::string shown = quoted_word(w);
        if (hide) {
            shown = kHidden;
            hide = false;
        } else if (flags && w == "--") {
            flags = false;
        } else if (flags && w.starts_with("--")) {
            const std::string_view name = w.substr(2, equals == w.npos ? equals : equals - 2);
            const bool is = sounds_secret(name) || (secret.flag && secret.flag(name));
            const bool valued = !secret.takes_value || secret.takes_value(name);
            if (is && equals != w.npos)
                shown = std::string(w.substr(0, equals + 1)) + std::string(kHidden);
            else
                hide = is && valued;
        } else {
            if (secret.place && secret.place(place))
                shown = kHidden;
            else if (is_json(w))
                shown = masked_json(w);
            else if (equals != w.npos && sounds_secret(w.substr(0, equals)))
                shown = std::string(w.substr(0, equals + 1)) + std::string(kHidden);
            ++place;
        }
        out += (out.empty() ? "" : " ") + shown;
    }
    return one_line(out, kLongest);
}

}  // namespace microhost::bot
