// SPDX-License-Identifier: Apache-2.0
#include "control/logs.hpp"

#include <algorithm>
#include <deque>

#include "command/table.hpp"
#include "control/ongoing.hpp"
#include "module/environment.hpp"
#include "observe/line.hpp"

namespace microhost::control {
namespace {

using command::Cell;
using command::Running;
using command::RunningPtr;

constexpr uint64_t kLookAgainMs = 100;
constexpr int64_t kMostLines = 100'000;

enum class Form { text, json, raw };

/// "ready listeners=1": the fields as the text log writes them.
std::string fields_of(const log::Record& r) {
    std::string out;
    for (const log::Field& f : r.fields)
        out += fmt::format("{}{}={}", out.empty() ? "" : " ", f.key, log::field_text(f));
    return out;
}

class Logs final : public Ongoing {
  public:
    Logs(RunningPtr r, Loop& main, const log::Log& log, LogFilter filter)
        : Ongoing(std::move(r), main), log_(log), filter_(std::move(filter)) {
        const command::Values& given = run().values();
        const std::string_view output = given.text("output");
        form_ = output == "json" ? Form::json : output == "raw" ? Form::raw : Form::text;
        lines_ = static_cast<size_t>(given.find("lines")->integer);
        const command::Value* follow = given.find("follow");
        follow_ = follow && follow->integer;
    }

  private:
    void start() override {
        if (form_ == Form::raw) run().columns({"time", "level", "module", "message", "fields"});
        show_last();
        if (follow_) return tick_after(kLookAgainMs);
        if (shown_ == 0 && lines_ > 0) say_none();
        finish();
    }

    void on_tick() override {
        // Who reads slowly finds the oldest gone, as everybody does who looks too late.
        if (run().keeps_up()) show_new();
        tick_after(kLookAgainMs);
    }

    void show_last() {
        std::deque<std::function<void()>> wanted;
        log_.each(0, [&](uint64_t sequence, const log::Record& r) {
            seen_ = sequence;
            kept_++;
            if (!filter_.takes(r)) return;
            wanted.push_back(shower(r));
            if (wanted.size() > lines_) wanted.pop_front();
        });
        for (const auto& show : wanted) show();
        shown_ = wanted.size();
    }

    void show_new() {
        std::vector<std::function<void()>> wanted;
        uint64_t lost = 0;
        log_.each(seen_, [&](uint64_t sequence, const log::Record& r) {
            if (sequence > seen_ + 1) lost += sequence - seen_ - 1;
            seen_ = sequence;
            if (filter_.takes(r)) wanted.push_back(shower(r));
        });
        if (lost) run().note(fmt::format("{} lines of the log went by unread", lost));
        for (const auto& show : wanted) show();
    }

    /// Nothing is put out while the log's writer waits.
    std::function<void()> shower(const log::Record& r) {
        std::string line;
        switch (form_) {
            case Form::text:
                log::append_text_line(line, r, false);
                return [this, line = std::move(line)] { run().text(line); };
            case Form::json:
                log::append_json_line(line, r);
                return [this, line = std::move(line)] { run().json(line); };
            case Form::raw: break;
        }
        std::vector<Cell> cells{Cell::time(static_cast<int64_t>(r.time_us / 1000)),
                                Cell::of(log::level_name(r.level)), Cell::of(r.module),
                                Cell::of(r.message), Cell::of(fields_of(r))};
        return [this, cells = std::move(cells)] { run().row(cells); };
    }

    void say_none() {
        run().note(kept_ == 0 ? "nothing has been logged yet"
                              : fmt::format("none of the last {} lines is like that", kept_));
    }

    const log::Log& log_;
    const LogFilter filter_;
    Form form_;
    size_t lines_;
    bool follow_;
    uint64_t seen_ = 0, kept_ = 0;
    size_t shown_ = 0;
};

Result<LogFilter> filter_of(const command::Values& given) {
    LogFilter f;
    if (const std::string_view level = given.text("level"); !level.empty()) {
        const auto parsed = log::parse_level(level);
        if (!parsed) return parsed.error().context("--level");
        f.level = *parsed;
    }
    f.module = given.text("module");
    f.text = given.text("text");
    f.request = given.text("request");
    const int64_t lines = given.find("lines")->integer;
    if (lines < 0 || lines > kMostLines)
        return error("--lines: {} is not between 0 and {}", lines, kMostLines);
    return f;
}

bool is_of(std::string_view module, std::string_view wanted) {
    return module.starts_with(wanted) &&
           (module.size() == wanted.size() || module[wanted.size()] == '/');
}

}  // namespace

bool is_request_key(std::string_view key) { return key == "request_id" || key == "request"; }

bool LogFilter::takes(const log::Record& r) const {
    if (r.level < level) return false;
    if (!module.empty() && !is_of(r.module, module)) return false;
    const auto has_request = [&](const log::Field& f) {
        return is_request_key(f.key) && log::field_text(f) == request;
    };
    if (!request.empty() && std::ranges::none_of(r.fields, has_request)) return false;
    return text.empty() || r.message.find(text) != r.message.npos ||
           fields_of(r).find(text) != std::string::npos;
}

void add_logs_command(command::Table& table, const log::Log& log) {
    command::Definition d =
        define("logs", "The last lines of the log, and with --follow those to come", "viewer");
    d.help =
        "Lines that the log's level excludes are not kept. --output json is one object a line, as "
        "in the log's file.";
    d.examples =
        "microhost logs --level warn\n"
        "microhost logs -f --module api\n"
        "microhost logs --request 6f1d0c7b --output json";
    command::Argument level = flag("level", "this and graver");
    level.choices = "debug|info|warn|error";
    d.args = {level,
              flag("module", "of this module, or this part of the host and what is below it"),
              flag("text", "with this in the message or in a field"),
              flag("request", "about the request with this id"),
              flag("lines", "at most so many of those that were", MH_TYPE_INTEGER, "100"),
              flag("follow", "go on until ctrl-C; -f", MH_TYPE_BOOL, "false"),
              output("lines of text without it")};
    table.add(std::move(d), [&table, &log](const RunningPtr& r) {
        auto filter = filter_of(r->values());
        if (!filter) {
            r->end(MH_E_INVALID, 2, filter.error().what);
            return;
        }
        std::make_shared<Logs>(r, table.environment().control, log, std::move(*filter))->begin();
    });
}

}  // namespace microhost::control
