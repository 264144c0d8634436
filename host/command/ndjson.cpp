// SPDX-License-Identifier: Apache-2.0
#include "command/ndjson.hpp"

#include "json/document.hpp"
#include "json/writer.hpp"
#include "module/host_side.hpp"

namespace microhost::command {
namespace {

using json::Writer;
using module::view;

void write_value(Writer& w, const mh_cell& c) {
    switch (c.type) {
        case MH_TYPE_INTEGER:
        case MH_TYPE_DURATION:
        case MH_TYPE_SIZE:
        case MH_TYPE_TIME: w.int64(c.integer); return;
        case MH_TYPE_NUMBER: w.number(c.number); return;
        case MH_TYPE_BOOL: w.boolean(c.integer != 0); return;
        case MH_TYPE_JSON:
            if (auto d = json::Document::parse(view(c.text)))
                w.value(d->root());
            else
                w.null();
            return;
        case MH_TYPE_NULL: w.null(); return;
        default: w.string(view(c.text)); return;
    }
}

void write_cell(Writer& w, const mh_cell& c) {
    std::string value;
    Writer alone(value);
    write_value(alone, c);
    const std::string_view text = view(c.text);
    const bool object = c.type == MH_TYPE_JSON && value.starts_with('{');
    const bool plain = !object && (c.type == MH_TYPE_TEXT || text.empty() || text == value ||
                                   (c.type == MH_TYPE_NULL && text == "-"));
    if (plain)
        w.raw(value);
    else
        w.object().key("text").string(text).key("value").raw(value).end();
}

}  // namespace

void append_columns(std::string& out, const mh_str* names, uint32_t n) {
    Writer w(out);
    w.object().key("columns").array();
    for (uint32_t i = 0; i < n; i++) w.string(view(names[i]));
    w.end().end();
    out += '\n';
}

void append_row(std::string& out, const mh_cell* cells, uint32_t n) {
    Writer w(out);
    w.object().key("row").array();
    for (uint32_t i = 0; i < n; i++) write_cell(w, cells[i]);
    w.end().end();
    out += '\n';
}

void append_text(std::string& out, std::string_view text) {
    Writer w(out);
    w.object().key("text").string(text).end();
    out += '\n';
}

void append_json(std::string& out, std::string_view json) {
    Writer w(out);
    w.object().key("json").raw(json).end();
    out += '\n';
}

void append_note(std::string& out, std::string_view line) {
    Writer w(out);
    w.object().key("note").string(line).end();
    out += '\n';
}

void append_end(std::string& out, int32_t exit_code, std::string_view error) {
    if (!error.empty()) {
        Writer(out).object().key("error").string(error).end();
        out += '\n';
    }
    Writer(out).object().key("end").object().key("exit").int64(exit_code).end().end();
    out += '\n';
}

}  // namespace microhost::command
