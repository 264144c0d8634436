// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

namespace microhost::bot {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

bool split_words(std::string_view text, Words& out, std::string& why) {
    const shared::Line line = shared::split(text);
    out = line.texts();
    why = line.problem();
    return why.empty();
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
