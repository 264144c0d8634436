// SPDX-License-Identifier: Apache-2.0
#include "tool/try_job.hpp"

#include <algorithm>
#include <cctype>

#include "json/nearest.hpp"
#include "tool/options.hpp"

namespace microhost::tool {
namespace {

/// Nothing that could end a line of the request.
bool is_line(std::string_view text) {
    return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 && c != '\t'; });
}

bool is_field(std::string_view text) {
    const auto colon = text.find(':');
    return colon != text.npos && colon > 0 && is_line(text);
}

}  // namespace

std::optional<int> read_job(const Arguments& arguments, TryJob& job) {
    Options options(arguments,
                    "microhost try ./stamp.so --config '{\"value\": \"me\"}' -H 'Accept: */*' /a");
    options.word("FILE", job.file, "a module with a filter")
        .word("PATH", job.path, "of the request, with its query")
        .value("--config", job.config, "JSON", "configuration of the filter instance [{}]")
        .value("-X,--request", job.method, "METHOD", "method [GET, with a body POST]")
        .list("-H,--header", job.headers, "'NAME: VALUE'", "a field of the request; repeatable")
        .value("-d,--data", job.body, "TEXT", "body of the request")
        .number("--status", job.status, "N", "what the handler behind the filter answers [200]")
        .list("--response-header", job.response_headers, "'NAME: VALUE'", "and a field of it")
        .value("--response-body", job.response_body, "TEXT", "and its body [hello]")
        .number("--repeat", job.repeat, "N", "ask so often, for the time of a call [1]")
        .number("--limit", job.limit_ms, "MS", "milliseconds for all of it [4000]")
        .flag("--json", job.json, "print JSON");
    if (auto status = options.parse()) return status;
    if (job.method.empty()) job.method = job.body.empty() ? "GET" : "POST";
    if (!job.path.starts_with('/') || !is_line(job.path) || job.path.find(' ') != job.path.npos)
        return options.refuse(fmt::format("the path {} must begin with / and hold no space",
                                          json::quote_short(job.path)));
    if (!std::ranges::all_of(job.method, [](unsigned char c) { return std::isalpha(c); }))
        return options.refuse(fmt::format("{} is no method", json::quote_short(job.method)));
    for (const auto* list : {&job.headers, &job.response_headers})
        for (const std::string& h : *list)
            if (!is_field(h))
                return options.refuse(
                    fmt::format("{} is no field; write 'Name: value'", json::quote_short(h)));
    if (job.status < 200 || job.status > 599)
        return options.refuse(fmt::format("status {} is not within 200 and 599", job.status));
    if (job.repeat == 0) job.repeat = 1;
    return {};
}

}  // namespace microhost::tool
