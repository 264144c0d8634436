// SPDX-License-Identifier: Apache-2.0
#include "observe/access_line.hpp"

#include "observe/escape.hpp"
#include "observe/timestamp.hpp"

#include <fmt/format.h>

#include <iterator>

namespace microhost::observe {
namespace {

void append_column(std::string& out, std::string_view text) {
    text.empty() ? out += '-'
                 : (append_apache_escaped(out, utf8_clip(text, kMaxAccessText), true), out);
}

void append_quoted(std::string& out, std::string_view text) {
    out += " \"";
    if (text.empty()) out += '-';
    append_apache_escaped(out, utf8_clip(text, kMaxAccessText), false);
    out += '"';
}

void append_request_line(std::string& out, const AccessRecord& record) {
    out += " \"";
    if (record.method.empty()) {
        out += '-';  // what came was no request
    } else {
        append_apache_escaped(out, utf8_clip(record.method, kMaxAccessText), true);
        out += ' ';
        append_apache_escaped(out, utf8_clip(record.target, kMaxAccessText), true);
        out += ' ';
        append_apache_escaped(out, record.version, true);
    }
    out += '"';
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
    if (text.empty()) return;
    fmt::format_to(std::back_inserter(out), ",\"{}\":\"", name);
    append_json_escaped(out, utf8_clip(text, kMaxAccessText));
    out += '"';
}

void append_number(std::string& out, std::string_view name, std::uint64_t number) {
    fmt::format_to(std::back_inserter(out), ",\"{}\":{}", name, number);
}

}  // namespace

void append_combined_line(std::string& out, const AccessRecord& record) {
    append_column(out, record.peer);
    out += " - ";
    append_column(out, record.user);
    out += ' ';
    append_apache_time(out, record.time_us);
    append_request_line(out, record);
    fmt::format_to(std::back_inserter(out), " {} ", record.status);
    record.bytes == 0 ? out += '-'
                      : (fmt::format_to(std::back_inserter(out), "{}", record.bytes), out);
    append_quoted(out, record.referer);
    append_quoted(out, record.user_agent);
    out += '\n';
}

void append_json_line(std::string& out, const AccessRecord& record) {
    out += "{\"time\":\"";
    append_rfc3339(out, record.time_us);
    out += '"';
    append_text(out, "peer", record.peer);
    append_text(out, "user", record.user);
    append_text(out, "method", record.method);
    append_text(out, "target", record.target);
    append_text(out, "version", record.version);
    append_number(out, "status", record.status);
    append_number(out, "bytes", record.bytes);
    append_text(out, "referer", record.referer);
    append_text(out, "user_agent", record.user_agent);
    append_number(out, "duration_us", record.duration_us);
    append_text(out, "request_id", record.request_id);
    append_text(out, "upstream", record.upstream);
    append_text(out, "listener", record.listener);
    append_text(out, "route", record.route);
    out += "}\n";
}

}  // namespace microhost::observe
