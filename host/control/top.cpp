// SPDX-License-Identifier: Apache-2.0
#include "control/top.hpp"

#include "command/table.hpp"
#include "control/load.hpp"
#include "control/ongoing.hpp"
#include "module/environment.hpp"
#include "observe/metrics.hpp"
#include "observe/timestamp.hpp"

namespace microhost::control {
namespace {

using command::Cell;
using command::RunningPtr;

constexpr int64_t kShortestMs = 200, kLongestMs = 3'600'000;
constexpr int64_t kMostRows = 10'000;
// A loop that hangs is not waited for: what it told last is used.
constexpr uint64_t kSettleMs = 100;

class Top final : public Ongoing {
  public:
    Top(RunningPtr r, Loop& main, const TopSources& from)
        : Ongoing(std::move(r), main), from_(from), census_(main, from.loops, from.each_site) {
        const command::Values& given = run().values();
        interval_ms_ = static_cast<uint64_t>(given.find("interval")->integer);
        lines_ = static_cast<size_t>(given.find("lines")->integer);
        once_ = given.find("once")->integer != 0;
        output_ = given.text("output");
        sort_ = given.text("sort");
    }

  private:
    void start() override {
        if (output_ == "raw")
            run().columns(
                {"kind", "name", "route", "per_s", "errors_per_s", "p50_ms", "p99_ms", "cpu"});
        ask();
    }

    void ask() {
        asked_ = true;
        census_.ask(from_.listens(), [] {});
        tick_after(kSettleMs);
    }

    void on_tick() override {
        if (!asked_) return ask();
        asked_ = false;
        // Who reads slowly sees longer intervals.
        if (!before_ || run().keeps_up()) {
            Reading now = read_metrics(from_.metrics.collect(), Loop::clock_ns(), census_.total());
            if (before_) show(load_between(*before_, now));
            if (before_ && once_) return finish();
            before_ = std::move(now);
        }
        tick_after(interval_ms_ - kSettleMs);
    }

    void show(Load load) {
        sort_load(load, sort_, lines_);
        if (output_ == "json") {
            run().json(json_of(load, observe::wall_now_us()));
        } else if (output_ == "raw") {
            show_rows(load);
        } else {
            run().text((shown_ ? "\n" : "") + text_of(load));
        }
        shown_ = true;
    }

    static Cell number(double n) {
        return {MH_TYPE_NUMBER, fmt::format("{:.1f}", n), static_cast<int64_t>(n), n};
    }
    static Cell ms(const std::optional<double>& us) {
        return us ? Cell{MH_TYPE_NUMBER, fmt::format("{:.3f}", *us / 1000), 0, *us / 1000}
                  : Cell::none();
    }
    void show_rate(std::string_view kind, const Rate& r) {
        run().row({Cell::of(kind), Cell::of(r.name), Cell::of(r.detail), number(r.calls),
                   number(r.errors), ms(r.p50_us), ms(r.p99_us), Cell::none()});
    }
    void show_rows(const Load& load) {
        for (const Rate& r : load.services) show_rate("service", r);
        for (const Rate& r : load.routes) show_rate("route", r);
        for (const ListenerRate& l : load.listeners)
            run().row({Cell::of("listener"), Cell::of(l.name), Cell::of(""), number(l.accepted),
                       Cell::none(), Cell::none(), Cell::none(), Cell::none()});
        for (const ModuleRate& m : load.modules)
            run().row({Cell::of("module"), Cell::of(m.name), Cell::of(""), number(m.calls),
                       Cell::none(), Cell::none(), Cell::none(), number(m.share)});
    }

    const TopSources& from_;
    Census census_;
    std::optional<Reading> before_;
    uint64_t interval_ms_;
    size_t lines_;
    bool once_, asked_ = false, shown_ = false;
    std::string output_, sort_;
};

/// Empty, or what is wrong.
std::string fault_of(const command::Values& given) {
    const int64_t interval = given.find("interval")->integer;
    if (interval < kShortestMs || interval > kLongestMs)
        return fmt::format("--interval: {} ms; at least {} ms and at most an hour are possible",
                           interval, kShortestMs);
    const int64_t lines = given.find("lines")->integer;
    if (lines < 1 || lines > kMostRows)
        return fmt::format("--lines: {} is not between 1 and {}", lines, kMostRows);
    return {};
}

}  // namespace

void add_top_command(command::Table& table, TopSources sources) {
    command::Definition d = define(
        "top", "Requests, errors, times and streams of services and routes, and what modules cost",
        "viewer");
    d.help =
        "Rates and times are those of the last interval. In a terminal it is drawn anew each time, "
        "until ctrl-C.\nTimes are guessed within the buckets of the metrics' histograms; CPU is "
        "the share of one processor.";
    d.examples = "microhost top --sort p99\nmicrohost top --once --output json";
    command::Argument sort =
        flag("sort", "the most first; names in their order", MH_TYPE_TEXT, "requests");
    sort.choices = "requests|errors|p50|p99|name";
    d.args = {flag("once", "one interval, and the end", MH_TYPE_BOOL, "false"),
              flag("interval", "how long is measured", MH_TYPE_DURATION, "1s"), sort,
              flag("lines", "at most so many of each kind", MH_TYPE_INTEGER, "20"),
              output("tables without it; json is one object for each interval")};
    auto from = std::make_shared<const TopSources>(std::move(sources));
    table.add(std::move(d), [&table, from](const RunningPtr& r) {
        if (const std::string fault = fault_of(r->values()); !fault.empty()) {
            r->end(MH_E_INVALID, 2, fault);
            return;
        }
        std::make_shared<Top>(r, table.environment().control, *from)->begin();
    });
}

}  // namespace microhost::control
