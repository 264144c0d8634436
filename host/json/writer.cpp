// SPDX-License-Identifier: Apache-2.0
#include "json/writer.hpp"

#include <fmt/format.h>

#include <cassert>
#include <charconv>
#include <cmath>

namespace microhost::json {
namespace {

constexpr char kFilled = '\x80';  // "this level has an element"
constexpr char kObject = '{', kArray = '[';

char kind_of(char level) { return static_cast<char>(level & 0x7f); }

/// Length of the well-formed UTF-8 sequence at the front (RFC 3629 section 4), 0 when there is
/// none.
std::size_t utf8_length(std::string_view s) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return i < s.size() ? static_cast<unsigned char>(s[i]) : 0;
    };
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
        const bool surrogate = lead == 0xED && byte(1) > 0x9F;
        return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const bool overlong = lead == 0xF0 && byte(1) < 0x90;
        const bool beyond = lead == 0xF4 && byte(1) > 0x8F;
        return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
    }
    return 0;
}

void append_unicode(std::string& out, unsigned code) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
}

void append_ascii(std::string& out, char c, bool go) {
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: break;
    }
    const bool html = go && (c == '<' || c == '>' || c == '&');
    if (html || static_cast<unsigned char>(c) < 0x20) {
        append_unicode(out, static_cast<unsigned char>(c));
    } else {
        out += c;
    }
}

bool plain(char c, bool go) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u >= 0x80 || c == '"' || c == '\\') return false;
    return !go || (c != '<' && c != '>' && c != '&');
}

}  // namespace

void append_quoted(std::string& out, std::string_view text, bool go) {
    out += '"';
    while (!text.empty()) {
        std::size_t run = 0;
        while (run < text.size() && plain(text[run], go)) ++run;
        out.append(text.data(), run);
        text.remove_prefix(run);
        if (text.empty()) break;
        std::size_t length = utf8_length(text);
        if (length == 0) {
            out += go ? "\\ufffd" : "\xEF\xBF\xBD";
            length = 1;
        } else if (length == 1) {
            append_ascii(out, text[0], go);
        } else if (const auto c = text.substr(0, length);
                   go && (c == "\xE2\x80\xA8" || c == "\xE2\x80\xA9")) {
            out += c == "\xE2\x80\xA8" ? "\\u2028" : "\\u2029";
        } else {
            out += c;
        }
        text.remove_prefix(length);
    }
    out += '"';
}

std::string quote(std::string_view text) {
    std::string out;
    append_quoted(out, text);
    return out;
}

void Writer::newline() {
    if (!options_.pretty) return;
    out_ += '\n';
    out_.append(open_.size() * 2, ' ');
}

void Writer::before_value() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    assert((!open_.empty() || !wrote_) && "two values in one text");
    wrote_ = true;
    if (open_.empty()) return;
    assert(kind_of(open_.back()) == kArray && "a value in an object needs a key");
    if (open_.back() & kFilled) out_ += ',';
    open_.back() = static_cast<char>(open_.back() | kFilled);
    newline();
}

Writer& Writer::object() {
    before_value();
    open_ += kObject;
    out_ += '{';
    return *this;
}

Writer& Writer::array() {
    before_value();
    open_ += kArray;
    out_ += '[';
    return *this;
}

Writer& Writer::end() {
    assert(!open_.empty() && !after_key_ && "end() without a beginning");
    const char level = open_.back();
    open_.pop_back();
    if (level & kFilled) newline();
    out_ += kind_of(level) == kObject ? '}' : ']';
    return *this;
}

Writer& Writer::key(std::string_view key) {
    assert(!open_.empty() && kind_of(open_.back()) == kObject && !after_key_ &&
           "key() outside an object");
    if (open_.back() & kFilled) out_ += ',';
    open_.back() = static_cast<char>(open_.back() | kFilled);
    newline();
    append_quoted(out_, key, options_.go);
    out_ += options_.pretty ? ": " : ":";
    after_key_ = true;
    return *this;
}

Writer& Writer::string(std::string_view v) {
    before_value();
    append_quoted(out_, v, options_.go);
    return *this;
}

Writer& Writer::int64(std::int64_t v) {
    before_value();
    fmt::format_to(std::back_inserter(out_), "{}", v);
    return *this;
}

Writer& Writer::uint64(std::uint64_t v) {
    before_value();
    fmt::format_to(std::back_inserter(out_), "{}", v);
    return *this;
}

/// Go's rule (encoding/json floatEncoder): plain digits between 1e-6 and 1e21, else an exponent
/// without leading zero.
Writer& Writer::number(double v) {
    if (!std::isfinite(v)) return null();
    before_value();
    const double size = std::fabs(v);
    const bool exponent = size != 0 && (size < 1e-6 || size >= 1e21);
    char text[64];
    const auto form = exponent ? std::chars_format::scientific : std::chars_format::fixed;
    const auto [last, wrong] = std::to_chars(text, text + sizeof text, v, form);
    assert(wrong == std::errc{} && "64 bytes hold every double");
    std::string_view digits{text, static_cast<std::size_t>(last - text)};
    const auto e = digits.find('e');
    if (exponent && digits.size() > e + 3 && digits[e + 2] == '0') {
        out_.append(digits.substr(0, e + 2)).append(digits.substr(e + 3));
    } else {
        out_.append(digits);
    }
    return *this;
}

Writer& Writer::boolean(bool v) { return raw(v ? "true" : "false"); }
Writer& Writer::null() { return raw("null"); }

Writer& Writer::raw(std::string_view json) {
    before_value();
    out_ += json;
    return *this;
}

Writer& Writer::value(Value v) {
    switch (v.kind()) {
        case Kind::null: return null();
        case Kind::boolean: return boolean(*v.as_bool());
        case Kind::string: return string(*v.as_string());
        case Kind::number:
            if (const auto i = v.as_int64()) return int64(*i);
            if (const auto u = v.as_uint64()) return uint64(*u);
            return number(*v.as_double());
        case Kind::array:
            array();
            for (Value item : v.items()) value(item);
            return end();
        case Kind::object:
            object();
            for (auto [name, member] : v.members()) key(name).value(member);
            return end();
    }
    return *this;
}

Writer& Writer::strings(std::span<const std::string> all) {
    array();
    for (const std::string& one : all) string(one);
    return end();
}

std::string to_text(Value value, bool pretty) {
    std::string out;
    Writer{out, {.pretty = pretty}}.value(value);
    return out;
}

}  // namespace microhost::json
