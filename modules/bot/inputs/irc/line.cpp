// SPDX-License-Identifier: Apache-2.0
#include "line.hpp"

#include <algorithm>

#include "text.hpp"

namespace microhost::bot::irc {
namespace {

constexpr size_t kMostParams = 15, kMostTags = 64;

/// What is before the next blank; blanks behind it go too.
std::string_view word(std::string_view& rest) {
    const std::string_view out = rest.substr(0, rest.find(' '));
    rest.remove_prefix(out.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return out;
}

std::string unescaped(std::string_view value) {
    std::string out;
    for (size_t i = 0; i < value.size(); ++i) {
        if (value[i] != '\\') {
            out += value[i];
            continue;
        }
        if (++i == value.size()) break;  // a lone one at the end says nothing
        switch (value[i]) {
            case ':': out += ';'; break;
            case 's': out += ' '; break;
            case 'r': out += '\r'; break;
            case 'n': out += '\n'; break;
            default: out += value[i];
        }
    }
    return out;
}

void read_tags(std::string_view text, Line& out) {
    while (!text.empty() && out.tags.size() < kMostTags) {
        const std::string_view tag = text.substr(0, text.find(';'));
        text.remove_prefix(std::min(tag.size() + 1, text.size()));
        const size_t eq = tag.find('=');
        if (tag.empty() || eq == 0) continue;
        out.tags.emplace_back(tag.substr(0, eq),
                              eq == tag.npos ? std::string() : unescaped(tag.substr(eq + 1)));
    }
}

bool is_command(std::string_view s) {
    return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
}

}  // namespace

std::optional<std::string_view> Line::tag(std::string_view name) const {
    // The last one counts when a name stands there twice.
    for (auto it = tags.rbegin(); it != tags.rend(); ++it)
        if (it->first == name) return it->second;
    return {};
}

std::optional<Line> parse(std::string_view line) {
    const std::string text = clean(line);
    std::string_view rest = text;
    Line out;
    if (rest.starts_with('@')) read_tags(word(rest).substr(1), out);
    if (rest.starts_with(':')) out.source = word(rest).substr(1);
    out.command = word(rest);
    for (char& c : out.command)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (!is_command(out.command)) return {};
    while (!rest.empty()) {
        if (rest.starts_with(':') || out.params.size() + 1 == kMostParams) {
            out.params.emplace_back(rest.substr(rest.starts_with(':') ? 1 : 0));
            break;
        }
        out.params.emplace_back(word(rest));
    }
    return out;
}

bool is_word(std::string_view s) {
    return !s.empty() && s.front() != ':' && std::none_of(s.begin(), s.end(), [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
    });
}

std::string compose(std::string_view command, std::initializer_list<std::string_view> middle,
                    std::optional<std::string_view> last) {
    if (!is_command(command)) return {};
    std::string out(command);
    for (const std::string_view m : middle) {
        if (!is_word(m)) return {};
        out.append(" ").append(m);
    }
    if (out.size() + 4 > kLongestLine) return {};
    if (last) {
        out += " :";
        std::string text(*last);
        std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
        out += text.substr(0, fitting(text, kLongestLine - 2 - out.size()));
    }
    return out += "\r\n";
}

void Reader::add(std::string_view piece) {
    if (skipping_) return;
    if (rest_.size() + piece.size() > kLongestLine + kLongestTags) {
        skipping_ = true, ++too_long_;
        rest_.clear();
        return;
    }
    rest_ += piece;
}

std::string Reader::take() {
    std::string out;
    if (!std::exchange(skipping_, false)) out.swap(rest_);
    while (out.ends_with('\r')) out.pop_back();
    return out;
}

}  // namespace microhost::bot::irc
