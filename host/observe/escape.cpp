// SPDX-License-Identifier: Apache-2.0
#include "observe/escape.hpp"

namespace microhost::observe {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void append_byte(std::string& out, unsigned char byte) {
    out += "\\x";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
}

void append_unicode(std::string& out, char32_t code) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 15];
}

/// The letter of the short escape of a control character, or 0.
char short_escape(unsigned char byte) {
    switch (byte) {
        case '\n': return 'n';
        case '\r': return 'r';
        case '\t': return 't';
        case '\b': return 'b';
        case '\f': return 'f';
        default: return 0;
    }
}

void append_control(std::string& out, unsigned char byte) {
    if (const char letter = short_escape(byte)) {
        out += '\\';
        out += letter;
    } else {
        append_byte(out, byte);
    }
}

/// Characters that a terminal or a line reader may obey although they are not ASCII controls.
bool unsafe_to_show(char32_t code) {
    return (code >= 0x80 && code <= 0x9f) || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff;
}

bool plain_ascii(unsigned char byte) { return byte >= 0x20 && byte < 0x7f; }

}  // namespace

std::size_t utf8_sequence(std::string_view text, char32_t& code) noexcept {
    if (text.empty()) return 0;
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80) return code = first, 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (text.size() < length) return 0;
    code = first & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xc0) != 0x80) return 0;
        code = (code << 6) | (next & 0x3f);
    }
    if (length == 3 && (code < 0x800 || (code >= 0xd800 && code <= 0xdfff))) return 0;
    if (length == 4 && (code < 0x10000 || code > 0x10ffff)) return 0;
    return length;
}

std::string_view utf8_clip(std::string_view text, std::size_t limit) noexcept {
    if (text.size() <= limit) return text;
    std::size_t end = limit;
    for (int back = 0; back < 3 && end > 0; ++back) {
        if ((static_cast<unsigned char>(text[end]) & 0xc0) != 0x80) return text.substr(0, end);
        --end;
    }
    // Still inside: either a four-byte sequence began here, or it is no UTF-8 and any cut is right.
    const bool starts = (static_cast<unsigned char>(text[end]) & 0xc0) != 0x80;
    return text.substr(0, starts ? end : limit);
}

void append_text_escaped(std::string& out, std::string_view text, bool quoted) {
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text[0]);
        std::size_t length = 1;
        char32_t code = 0;
        if (byte == '\\' || (quoted && byte == '"')) {
            out += '\\';
            out += text[0];
        } else if (plain_ascii(byte)) {
            out += text[0];
        } else if (byte < 0x80) {
            append_control(out, byte);
        } else if (length = utf8_sequence(text, code); length == 0) {
            length = 1;
            append_byte(out, byte);
        } else if (unsafe_to_show(code)) {
            append_unicode(out, code);
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
}

void append_json_escaped(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text[0]);
        std::size_t length = 1;
        char32_t code = 0;
        if (byte == '\\' || byte == '"') {
            out += '\\';
            out += text[0];
        } else if (plain_ascii(byte)) {
            out += text[0];
        } else if (const char letter = short_escape(byte)) {
            out += '\\';
            out += letter;
        } else if (byte < 0x80) {
            append_unicode(out, byte);
        } else if (length = utf8_sequence(text, code); length == 0) {
            length = 1;
            append_unicode(out, 0xfffd);
        } else if (unsafe_to_show(code)) {
            append_unicode(out, code);
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
}

void append_apache_escaped(std::string& out, std::string_view text, bool column) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (!plain_ascii(byte) || (column && c == ' ')) {
            append_control(out, byte);
        } else {
            out += c;
        }
    }
}

}  // namespace microhost::observe
