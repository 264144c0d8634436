// SPDX-License-Identifier: Apache-2.0
#include "tool/try.hpp"

#include "json/document.hpp"
#include "json/writer.hpp"
#include "module/child.hpp"
#include "tool/options.hpp"
#include "tool/try_job.hpp"

namespace microhost::tool {
namespace {

void edits(std::string& out, std::string_view label, json::Value v) {
    for (json::Value f : v.find("removed").items())
        out += fmt::format("  {:<9} - {}\n", label, f.as_string().value_or(""));
    for (json::Value f : v.find("added").items())
        out += fmt::format("  {:<9} + {}\n", label, f.as_string().value_or(""));
}

std::string duration(uint64_t ns) {
    if (ns < 10'000) return fmt::format("{} ns", ns);
    if (ns < 10'000'000) return fmt::format("{} us", ns / 1000);
    return fmt::format("{} ms", ns / 1'000'000);
}

std::string text_of(json::Value r, const TryJob& job) {
    auto word = [&](std::string_view key) { return r.find(key).as_string().value_or(""); };
    std::string out =
        fmt::format("{} on {} {}: {}; the client got {}{}\n", word("filter"), job.method, job.path,
                    word("verdict"), r.find("status").as_uint64().value_or(0),
                    *r.find("reached_handler").as_bool() ? "" : ", the handler was not reached");
    auto line = [&](const char* label, std::string_view text) {
        if (!text.empty()) out += fmt::format("  {:<9} {}\n", label, text);
    };
    line("principal", word("principal"));
    edits(out, "request", r.find("request"));
    line("rewritten", word("rewritten_to"));
    if (r.find("request_body")) line("request", json::to_text(r.find("request_body")));
    edits(out, "response", r.find("response"));
    if (r.find("body")) line("body", json::to_text(r.find("body")));
    for (auto [hook, cost] : r.find("calls").members())
        line("time", fmt::format("{}: {} a call, {} {}", hook,
                                 duration(cost.find("mean_ns").as_uint64().value_or(0)),
                                 cost.find("calls").as_uint64().value_or(0),
                                 cost.find("calls").as_uint64() == 1 ? "call" : "calls"));
    return out;
}

}  // namespace

int try_filter(const Arguments& arguments) {
    TryJob job;
    if (auto status = read_job(arguments, job)) return *status;
    module::ChildOptions child;
    child.args = {kTryVerb};
    child.args.insert(child.args.end(), arguments.scan.args.begin(), arguments.scan.args.end());
    child.limit = std::chrono::milliseconds(job.limit_ms);
    const auto end = module::run_child(child);
    if (!end) return no(end.error());
    std::fputs(end->output.c_str(), stderr);  // its log
    if (const std::string why = end->trouble(); !why.empty())
        return no(
            Error{why.find(job.file) == why.npos ? fmt::format("{}: {}", job.file, why) : why});
    const auto report = json::Document::parse(end->last("report"));
    if (!report) return no(error("{}: its report cannot be read", job.file));
    return print(job.json ? report->text(true) + "\n" : text_of(report->root(), job));
}

}  // namespace microhost::tool
