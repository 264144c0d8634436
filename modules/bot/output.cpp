// SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

#include <algorithm>

#include "../shared/json_writer.hpp"
#include "../shared/text.hpp"
#include "utf8.hpp"

namespace microhost::bot {
namespace {

constexpr size_t kMostBytes = 256 * 1024;
constexpr size_t kWidestCell = 200, kWidestJson = 4000;
constexpr size_t kDeepest = 64;  // levels that are indented

uint64_t lines_in(std::string_view text) {
    const auto ends = static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
    return ends + (text.empty() || text.ends_with('\n') ? 0 : 1);
}

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> out;
    if (text.ends_with('\n')) text.remove_suffix(1);
    while (true) {
        const size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        out.push_back(printable(line));
        if (end == text.npos) return out;
        text.remove_prefix(end + 1);
    }
}

/// Text that somebody has laid out in columns or by indentation.
bool has_layout(std::string_view text) {
    return text.find('\t') != text.npos || text.starts_with(' ') || text.find("\n ") != text.npos ||
           text.find("  ") != text.npos;
}

bool is_number(int32_t type) {
    return type == MH_TYPE_INTEGER || type == MH_TYPE_NUMBER || type == MH_TYPE_SIZE;
}

/// The value of a cell.
std::string json_of(const mh_cell& c) {
    switch (c.type) {
        case MH_TYPE_INTEGER:
        case MH_TYPE_DURATION:
        case MH_TYPE_SIZE:
        case MH_TYPE_TIME: return std::to_string(c.integer);
        case MH_TYPE_BOOL: return c.integer ? "true" : "false";
        case MH_TYPE_NULL: return "null";
        case MH_TYPE_JSON:
        case MH_TYPE_NUMBER: return one_line(shared::view(c.text), kWidestJson);
        default: break;
    }
    std::string out;
    shared::append_json_string(out, shared::view(c.text));
    return out;
}

/// One object a line, in an array.
std::vector<std::string> json_rows(const std::vector<std::string>& heading,
                                   const std::vector<Row>& rows) {
    std::vector<std::string> out{"["};
    for (size_t i = 0; i < rows.size(); ++i) {
        std::string line = "{";
        for (size_t k = 0; k < rows[i].size() && k < heading.size(); ++k) {
            line += k ? "," : "";
            shared::append_json_string(line, heading[k]);
            line += ":" + rows[i][k].text;
        }
        out.push_back(line + (i + 1 < rows.size() ? "}," : "}"));
    }
    out.emplace_back("]");
    return out;
}

std::vector<std::string> raw_rows(const std::vector<Row>& rows) {
    std::vector<std::string> out;
    for (const Row& row : rows) {
        std::string line;
        for (const Cell& c : row) line += (&c == row.data() ? "" : "\t") + c.text;
        out.push_back(std::move(line));
    }
    return out;
}

void append(std::vector<Line>& out, std::vector<std::string> lines, bool code) {
    for (std::string& line : lines) out.push_back({std::move(line), code});
}

}  // namespace

bool Output::fits(size_t bytes, uint64_t lines) {
    if (missing_ == 0 && bytes_ + bytes <= kMostBytes) {
        bytes_ += bytes;
        return true;
    }
    missing_ += lines;
    return false;
}

Output::Item& Output::item(Item::Kind kind) {
    // JSON values do not melt into one; pieces of a text and rows do.
    if (items_.empty() || items_.back().kind != kind || kind == Item::Kind::json)
        items_.push_back({kind, {}, {}});
    return items_.back();
}

void Output::columns(const mh_str* names, uint32_t n) {
    for (uint32_t i = 0; i < n; ++i)
        heading_.push_back(one_line(shared::view(names[i]), kWidestCell));
}

void Output::row(const mh_cell* cells, uint32_t n) {
    Row row;
    size_t bytes = 0;
    for (uint32_t i = 0; i < n; ++i) {
        std::string text = style_ == Style::json
                               ? json_of(cells[i])
                               : one_line(shared::view(cells[i].text), kWidestCell);
        bytes += text.size() + 2;
        row.push_back({std::move(text), is_number(cells[i].type)});
    }
    if (fits(bytes, 1)) item(Item::Kind::rows).rows.push_back(std::move(row));
}

void Output::table(std::vector<std::string> heading, const std::vector<Row>& rows) {
    heading_ = std::move(heading);
    for (const Row& row : rows) {
        size_t bytes = 0;
        for (const Cell& c : row) bytes += c.text.size() + 2;
        if (fits(bytes, 1)) item(Item::Kind::rows).rows.push_back(row);
    }
}

void Output::text(std::string_view text) {
    if (text.empty()) return;
    const uint64_t before = missing_, lines = lines_in(text);
    if (fits(text.size(), lines)) {
        item(Item::Kind::text).text += text;
        return;
    }
    if (before != 0) return;
    // As much of the first piece that is too long as there is room for.
    const size_t room = kMostBytes - std::min(bytes_, kMostBytes);
    const std::string_view begin = cut(text, room);
    bytes_ += begin.size();
    item(Item::Kind::text).text += begin;
    missing_ = std::max<uint64_t>(1, lines - std::min(lines, lines_in(begin)));
}

void Output::json(std::string_view json) {
    std::string text = indented_json(json);
    const uint64_t lines = lines_in(text);
    if (fits(text.size(), lines)) item(Item::Kind::json).text = std::move(text);
}

std::vector<Line> Output::lines() const {
    std::vector<Line> out;
    bool headed = false;
    for (const Item& i : items_) {
        if (i.kind == Item::Kind::rows && style_ == Style::json) {
            append(out, json_rows(heading_, i.rows), true);
            headed = true;
        } else if (i.kind == Item::Kind::rows && style_ == Style::raw) {
            append(out, raw_rows(i.rows), true);
            headed = true;
        } else if (i.kind == Item::Kind::rows) {
            append(out, aligned(headed ? std::vector<std::string>{} : heading_, i.rows), true);
            headed = true;
        } else if (i.kind == Item::Kind::json || has_layout(i.text)) {
            append(out, without_tabs(split_lines(i.text)), true);
        } else {
            append(out, split_lines(i.text), false);
        }
    }
    // A table without rows still says what it would have shown.
    if (headed || heading_.empty() || style_ == Style::raw) return out;
    append(out, style_ == Style::json ? json_rows({}, {}) : aligned(heading_, {}), true);
    return out;
}

std::string indented_json(std::string_view json) {
    std::string out;
    size_t depth = 0;
    bool in_string = false;
    const auto new_line = [&] { out += "\n" + std::string(2 * std::min(depth, kDeepest), ' '); };
    for (size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_string) {
            out += c;
            if (c == '\\' && i + 1 < json.size()) out += json[++i];
            in_string = c != '"';
            continue;
        }
        if (shared::trim(json.substr(i, 1)).empty()) continue;
        const bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
        if (opens) {
            const size_t next = json.find_first_not_of(" \t\r\n", i + 1);
            out += c;
            if (next != json.npos && (json[next] == '}' || json[next] == ']')) {
                out += json[next];
                i = next;
                continue;
            }
            ++depth;
            new_line();
        } else if (closes) {
            depth -= depth > 0 ? 1 : 0;
            new_line();
            out += c;
        } else {
            out += c;
            if (c == ',') new_line();
            if (c == ':') out += ' ';
            in_string = c == '"';
        }
    }
    return out;
}

}  // namespace microhost::bot
