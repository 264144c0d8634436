// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

namespace microhost::bot::slack {
namespace {

struct Spelling {
    std::string_view from, to;
};
// Entities; and what clients put in the place of plain quotes and blanks, which would be in the way of a command's arguments.
constexpr Spelling kPlain[] = {
    {"&lt;", "<"},    {"&gt;", ">"},    {"&amp;", "&"},  {"\u00a0", " "},
    {"\u201c", "\""}, {"\u201d", "\""}, {"\u2018", "'"}, {"\u2019", "'"},
};

void skip_blanks(std::string_view& text) {
    constexpr std::string_view kNoBreak = "\u00a0";
    while (!text.empty()) {
        if (text.front() == ' ' || text.front() == '\n' || text.front() == '\t')
            text.remove_prefix(1);
        else if (text.starts_with(kNoBreak))
            text.remove_prefix(kNoBreak.size());
        else
            return;
    }
}

void append_plain(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const Spelling* found = nullptr;
        for (const Spelling& s : kPlain)
            if (text.starts_with(s.from)) found = &s;
        if (found)
            out += found->to;
        else
            out += text.front();
        text.remove_prefix(found ? found->from.size() : 1);
    }
}

/// What stands between < and >.
void append_link(std::string& out, std::string_view link) {
    const size_t bar = link.find('|');
    const std::string_view what = link.substr(0, bar);
    const std::string_view label = bar == link.npos ? std::string_view() : link.substr(bar + 1);
    const char kind = what.empty() ? '\0' : what.front();
    if (kind == '@' || kind == '#' || kind == '!') {
        out += kind == '#' ? '#' : '@';
        append_plain(out, label.empty() ? what.substr(1) : label);
        return;
    }
    append_plain(out, !label.empty() ? label : what);
}

}  // namespace

std::string escape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else
            out += c;
    }
    return out;
}

std::string unescape(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const size_t open = text.find('<');
        append_plain(out, text.substr(0, open));
        if (open == text.npos) break;
        text.remove_prefix(open + 1);
        const size_t close = text.find('>');
        append_link(out, text.substr(0, close));
        if (close == text.npos) break;
        text.remove_prefix(close + 1);
    }
    return out;
}

bool strip_mention(std::string_view& text, std::string_view user) {
    std::string_view rest = text;
    skip_blanks(rest);
    if (user.empty() || !rest.starts_with("<@")) return false;
    const size_t close = rest.find('>');
    if (close == rest.npos) return false;
    const std::string_view who = rest.substr(2, close - 2);
    if (who.substr(0, who.find('|')) != user) return false;
    rest.remove_prefix(close + 1);
    if (rest.starts_with(':') || rest.starts_with(',')) rest.remove_prefix(1);
    skip_blanks(rest);
    text = rest;
    return true;
}

void add_field(std::string& form, std::string_view name, std::string_view value) {
    constexpr char kHex[] = "0123456789ABCDEF";
    if (!form.empty()) form += '&';
    form.append(name) += '=';
    for (const char c : value) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            form += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        for (const char d : {'%', kHex[byte >> 4], kHex[byte & 15]}) form += d;
    }
}

}  // namespace microhost::bot::slack
