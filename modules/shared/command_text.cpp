// SPDX-License-Identifier: Apache-2.0
#include "command_text.hpp"

#include <microhost/json.hpp>

#include <algorithm>
#include <charconv>

#include "json_span.hpp"
#include "json_writer.hpp"
#include "paths.hpp"
#include "text.hpp"

namespace microhost::shared {
namespace {

bool is_word(std::string_view s) {
    return std::all_of(s.begin(), s.end(),
                       [](char c) { return c == '-' || (is_alnum(c) && lower(c) == c); });
}

std::string number(double value) {
    char text[40];
    const auto end = std::to_chars(text, text + sizeof text, value);
    return {text, end.ptr};
}

/// On one line, and null for what is no JSON: a module's cell must not break the stream that it travels in.
std::string json_of(const mh_cell& c) {
    std::string out(view(c.text));
    if (!mh::json_document(out)) return "null";
    std::replace(out.begin(), out.end(), '\n', ' ');
    std::replace(out.begin(), out.end(), '\r', ' ');
    return out;
}

std::string value_of(const mh_cell& c) {
    std::string out;
    JsonWriter w(out);
    switch (c.type) {
        case MH_TYPE_INTEGER:
        case MH_TYPE_DURATION:
        case MH_TYPE_SIZE:
        case MH_TYPE_TIME: w.integer(c.integer); break;
        case MH_TYPE_NUMBER: w.raw(number(c.number)); break;
        case MH_TYPE_BOOL: w.boolean(c.integer != 0); break;
        case MH_TYPE_JSON: w.raw(json_of(c)); break;
        case MH_TYPE_NULL: w.raw("null"); break;
        default: w.string(view(c.text)); break;
    }
    return out;
}

void append_cell(JsonWriter& w, const mh_cell& c) {
    const std::string value = value_of(c);
    const std::string_view text = view(c.text);
    const bool object = c.type == MH_TYPE_JSON && value.starts_with('{');
    const bool plain = !object && (c.type == MH_TYPE_TEXT || text.empty() || text == value ||
                                   (c.type == MH_TYPE_NULL && text == "-"));
    if (plain)
        w.raw(value);
    else
        w.begin_object().key("text").string(text).key("value").raw(value).end_object();
}

constexpr const char* kTypes[] = {"text",     "integer", "number", "bool",
                                  "duration", "size",    "time",   "json"};

void append_arg(JsonWriter& w, const mh_command_arg& a) {
    const auto known = a.type >= 0 && a.type < static_cast<int32_t>(std::size(kTypes));
    w.begin_object().key("name").string(a.name).key("type").string(kTypes[known ? a.type : 0]);
    w.key("summary").string(a.summary ? a.summary : "");
    if (a.value) w.key("default").string(a.value);
    if (a.choices) w.key("choices").string(a.choices);
    if (a.flags & MH_ARG_REQUIRED) w.key("required").boolean(true);
    if (a.flags & MH_ARG_POSITIONAL) w.key("positional").boolean(true);
    if (a.flags & MH_ARG_REPEATED) w.key("repeated").boolean(true);
    if (a.flags & MH_ARG_SECRET) w.key("secret").boolean(true);
    if (a.flags & MH_ARG_FILE) w.key("file").boolean(true);
    w.end_object();
}

/// A value as the text that the host reads.
std::string argument(const mh::json_value& v, std::string_view raw) {
    const auto text = v.string();
    return std::string(text ? *text : raw);
}

bool is_scalar(const mh::json_value& v) {
    return v.kind() != MH_JSON_ARRAY && v.kind() != MH_JSON_OBJECT;
}

std::string scalar(const mh::json_value& v) {
    if (const auto b = v.boolean()) return *b ? "true" : "false";
    if (const auto i = v.integer()) return std::to_string(*i);
    if (const auto d = v.number()) return number(*d);
    return std::string(v.string().value_or(""));
}

void add_argument(std::vector<std::pair<std::string, std::string>>& out, std::string_view name,
                  const mh::json_value& v, std::string_view raw) {
    bool list = v.kind() == MH_JSON_ARRAY;
    for (uint32_t i = 0; list && i < v.count(); ++i) list = is_scalar(v.at(i));
    if (v.is_null()) return;
    if (!list) {
        out.emplace_back(name, argument(v, raw));
        return;
    }
    for (uint32_t i = 0; i < v.count(); ++i) out.emplace_back(name, scalar(v.at(i)));
}

}  // namespace

bool command_name(std::string_view rest, std::string& out) {
    out.clear();
    for (const std::string_view word : segments(rest)) {
        if (!is_word(word)) return false;
        if (!out.empty()) out += ' ';
        out += word;
    }
    return true;
}

bool read_command(std::string_view body, CommandBody& out, std::string& why) {
    if (body.empty()) return true;
    const mh::json_document document(body);
    if (!document || document.root().kind() != MH_JSON_OBJECT) {
        why = "the body is no JSON object";
        return false;
    }
    const mh::json_value root = document.root(), args = root["args"], timeout = root["timeout_ms"];
    if (!args.is_null() && args.kind() != MH_JSON_OBJECT) {
        why = "args must be an object";
        return false;
    }
    const auto ms = timeout.integer();
    if (!timeout.is_null() && (!ms || *ms < 0 || *ms > UINT32_MAX)) {
        why = "timeout_ms must be a number of milliseconds";
        return false;
    }
    out.timeout_ms = static_cast<uint32_t>(ms.value_or(0));
    const std::string_view raw = member_text(body, "args");
    for (uint32_t i = 0; i < args.count(); ++i) {
        const std::string_view name = args.key_at(i);
        add_argument(out.args, name, args.at(i), member_text(raw, name));
    }
    return true;
}

void append_columns(std::string& out, const mh_str* names, uint32_t n) {
    JsonWriter w(out);
    w.begin_object().key("columns").begin_array();
    for (uint32_t i = 0; i < n; ++i) w.string(view(names[i]));
    w.end_array().end_object();
    out += '\n';
}

void append_row(std::string& out, const mh_cell* cells, uint32_t n) {
    JsonWriter w(out);
    w.begin_object().key("row").begin_array();
    for (uint32_t i = 0; i < n; ++i) append_cell(w, cells[i]);
    w.end_array().end_object();
    out += '\n';
}

void append_text(std::string& out, std::string_view text) {
    JsonWriter(out).begin_object().key("text").string(text).end_object();
    out += '\n';
}

void append_json(std::string& out, std::string_view json) {
    JsonWriter(out).begin_object().key("json").raw(json).end_object();
    out += '\n';
}

void append_end(std::string& out, int32_t exit_code, std::string_view error) {
    if (!error.empty()) {
        JsonWriter(out).begin_object().key("error").string(error).end_object();
        out += '\n';
    }
    JsonWriter w(out);
    w.begin_object().key("end").begin_object().key("exit").integer(exit_code);
    w.end_object().end_object();
    out += '\n';
}

void append_note(std::string& out, std::string_view line) {
    JsonWriter(out).begin_object().key("note").string(line).end_object();
    out += '\n';
}

void append_info(std::string& out, const mh_command_info& i, bool allowed) {
    JsonWriter w(out);
    w.begin_object().key("name").string(i.name).key("summary").string(i.summary ? i.summary : "");
    if (i.help) w.key("help").string(i.help);
    if (i.examples) w.key("examples").string(i.examples);
    if (i.role) w.key("role").string(i.role);
    w.key("module").string(i.module ? i.module : "").key("allowed").boolean(allowed);
    w.key("runs").string(i.flags & MH_COMMAND_HERE ? "here" : "host");
    w.key("args").begin_array();
    const auto* at = reinterpret_cast<const char*>(i.args);
    for (uint32_t k = 0; k < i.n_args; ++k, at += i.stride)
        append_arg(w, *reinterpret_cast<const mh_command_arg*>(at));
    w.end_array().end_object();
}

}  // namespace microhost::shared
