// SPDX-License-Identifier: Apache-2.0
#include "observe/line.hpp"

#include "observe/escape.hpp"
#include "observe/timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace microhost::log {
namespace {

constexpr std::string_view kEllipsis = "\xe2\x80\xa6";
constexpr std::string_view kDim = "\x1b[2m", kReset = "\x1b[0m";

struct Mark {
    std::string_view text, colour;
};
Mark mark_of(Level level) {
    switch (level) {
        case Level::debug: return {"DEBUG", "\x1b[36m"};
        case Level::info: return {"INFO ", "\x1b[32m"};
        case Level::warn: return {"WARN ", "\x1b[33m"};
        case Level::error: break;
    }
    return {"ERROR", "\x1b[1;31m"};
}

bool needs_quotes(std::string_view text) {
    return text.empty() || std::any_of(text.begin(), text.end(), [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return byte <= 0x20 || byte == 0x7f || c == '"' || c == '=' || c == '\\';
           });
}

/// A key is a word; what is not would let a key imitate a second field.
void append_text_key(std::string& out, std::string_view key) {
    for (const char c : key) {
        const auto byte = static_cast<unsigned char>(c);
        out += byte > 0x20 && byte < 0x7f && c != '=' && c != '"' && c != '\\' ? c : '_';
    }
    if (key.empty()) out += '_';
}

void append_text_value(std::string& out, const Field& field) {
    if (field.kind != Field::Kind::text) {
        out += field_text(field);
        return;
    }
    const bool quoted = needs_quotes(field.text);
    if (quoted) out += '"';
    observe::append_text_escaped(out, field.text, quoted);
    if (field.clipped) out += kEllipsis;
    if (quoted) out += '"';
}

void append_json_text(std::string& out, std::string_view text, bool clipped = false) {
    out += '"';
    observe::append_json_escaped(out, text);
    if (clipped) out += kEllipsis;
    out += '"';
}

void append_json_field(std::string& out, const Field& field) {
    static constexpr std::array<std::string_view, 4> kReserved{"time", "level", "module", "msg"};
    out += ",\"";
    if (std::find(kReserved.begin(), kReserved.end(), field.key) != kReserved.end())
        out += "field_";
    observe::append_json_escaped(out, field.key);
    out += "\":";
    const bool finite =
        field.kind != Field::Kind::real || std::isfinite(std::bit_cast<double>(field.bits));
    if (field.kind == Field::Kind::text) {
        append_json_text(out, field.text, field.clipped);
    } else if (finite) {
        out += field_text(field);
    } else {
        append_json_text(out, field_text(field));
    }
}

}  // namespace

std::string field_text(const Field& field) {
    switch (field.kind) {
        case Field::Kind::text: break;
        case Field::Kind::signed_number:
            return fmt::format("{}", static_cast<std::int64_t>(field.bits));
        case Field::Kind::unsigned_number: return fmt::format("{}", field.bits);
        case Field::Kind::real: return fmt::format("{}", std::bit_cast<double>(field.bits));
        case Field::Kind::boolean: return field.bits != 0 ? "true" : "false";
    }
    return std::string(field.text);
}

void append_text_line(std::string& out, const Record& record, bool colour) {
    const auto paint = [&](std::string_view code) {
        if (colour) out += code;
    };
    paint(kDim);
    observe::append_local_time(out, record.time_us);
    paint(kReset);
    const Mark mark = mark_of(record.level);
    out += ' ';
    paint(mark.colour);
    out += mark.text;
    paint(kReset);
    out += ' ';
    paint(kDim);
    append_text_key(out, record.module);
    paint(kReset);
    out += "  ";
    observe::append_text_escaped(out, record.message, false);
    if (record.clipped) out += kEllipsis;
    for (const Field& field : record.fields) {
        out += ' ';
        paint(kDim);
        append_text_key(out, field.key);
        out += '=';
        paint(kReset);
        append_text_value(out, field);
    }
    out += '\n';
}

void append_json_line(std::string& out, const Record& record) {
    out += "{\"time\":\"";
    observe::append_rfc3339(out, record.time_us);
    out += "\",\"level\":\"";
    out += level_name(record.level);
    out += "\",\"module\":";
    append_json_text(out, record.module);
    out += ",\"msg\":";
    append_json_text(out, record.message, record.clipped);
    for (const Field& field : record.fields) append_json_field(out, field);
    out += "}\n";
}

}  // namespace microhost::log
