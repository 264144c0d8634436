// SPDX-License-Identifier: Apache-2.0
// A load as a person or a program reads it.
#include <algorithm>
#include <cmath>

#include "command/output.hpp"
#include "config/duration.hpp"
#include "control/load.hpp"
#include "json/writer.hpp"
#include "observe/timestamp.hpp"

namespace microhost::control {
namespace {

using Row = std::vector<std::string>;

/// Aligned columns; the first `words` of them to the left, numbers to the right. `more` rows were left out.
void append_table(std::string& out, size_t words, const std::vector<Row>& rows, size_t more) {
    if (rows.size() < 2) return;  // the header alone
    if (!out.empty()) out += '\n';
    std::vector<size_t> widths(rows[0].size());
    for (const Row& r : rows)
        for (size_t i = 0; i < r.size(); i++) widths[i] = std::max(widths[i], r[i].size());
    for (const Row& r : rows) {
        std::string line;
        for (size_t i = 0; i < r.size(); i++)
            line += i < words ? fmt::format("{:<{}}  ", r[i], widths[i])
                              : fmt::format("{:>{}}  ", r[i], widths[i]);
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    if (more) out += fmt::format("... {} more\n", more);
}

std::string number(double n) {
    return n < 99.95 ? fmt::format("{:.1f}", n) : fmt::format("{:.0f}", n);
}

std::string time_text(const std::optional<double>& us) {
    return us ? command::Cell::duration(static_cast<uint64_t>(std::llround(*us * 1000))).text : "-";
}

std::string bytes(double n) {
    if (n < 1024) return fmt::format("{:.0f} B", n);
    if (n < 1024 * 1024) return fmt::format("{:.1f} KiB", n / 1024);
    return fmt::format("{:.1f} MiB", n / (1024 * 1024));
}

void write_rate(json::Writer& w, std::string_view calls, const Rate& r) {
    w.key(calls).number(r.calls).key("errors_per_s").number(r.errors);
    for (const auto& [key, us] : {std::pair{"p50_ms", r.p50_us}, {"p99_ms", r.p99_us}}) {
        w.key(key);
        us ? w.number(*us / 1000) : w.null();
    }
}

void write_services(json::Writer& w, const std::vector<Rate>& all) {
    w.key("services").array();
    for (const Rate& r : all) {
        w.object().key("service").string(r.name);
        write_rate(w, "calls_per_s", r);
        w.key("streams").int64(r.streams).end();
    }
    w.end();
}

void write_routes(json::Writer& w, const std::vector<Rate>& all) {
    w.key("routes").array();
    for (const Rate& r : all) {
        w.object().key("module").string(r.name).key("route").string(r.detail);
        write_rate(w, "requests_per_s", r);
        w.end();
    }
    w.end();
}

void write_listeners(json::Writer& w, const std::vector<ListenerRate>& all) {
    w.key("listeners").array();
    for (const ListenerRate& l : all) {
        w.object().key("listener").string(l.name).key("connections").uint64(l.connections);
        w.key("in_flight").uint64(l.in_flight).key("accepted_per_s").number(l.accepted);
        w.key("received_bytes_per_s").number(l.received);
        w.key("sent_bytes_per_s").number(l.sent).end();
    }
    w.end();
}

void write_modules(json::Writer& w, const std::vector<ModuleRate>& all) {
    w.key("modules").array();
    for (const ModuleRate& m : all)
        w.object()
            .key("module")
            .string(m.name)
            .key("calls_per_s")
            .number(m.calls)
            .key("cpu")
            .number(m.share)
            .end();
    w.end();
}

}  // namespace

std::string text_of(const Load& load) {
    std::string out;
    std::vector<Row> rows{{"SERVICE", "CALLS/S", "ERRORS/S", "P50", "P99", "STREAMS"}};
    for (const Rate& r : load.services)
        rows.push_back({r.name, number(r.calls), number(r.errors), time_text(r.p50_us),
                        time_text(r.p99_us), fmt::format("{}", r.streams)});
    append_table(out, 1, rows, load.more_services);
    rows = {{"HANDLER", "ROUTE", "REQ/S", "5XX/S", "P50", "P99"}};
    for (const Rate& r : load.routes)
        rows.push_back({r.name, r.detail.empty() ? "-" : r.detail, number(r.calls),
                        number(r.errors), time_text(r.p50_us), time_text(r.p99_us)});
    append_table(out, 2, rows, load.more_routes);
    rows = {{"LISTENER", "CONNECTIONS", "IN FLIGHT", "ACCEPTED/S", "RECEIVED/S", "SENT/S"}};
    for (const ListenerRate& l : load.listeners)
        rows.push_back({l.name, fmt::format("{}", l.connections), fmt::format("{}", l.in_flight),
                        number(l.accepted), bytes(l.received), bytes(l.sent)});
    append_table(out, 1, rows, load.more_listeners);
    rows = {{"MODULE", "HOOK CALLS/S", "CPU"}};
    for (const ModuleRate& m : load.modules)
        rows.push_back({m.name, number(m.calls), fmt::format("{:.1f} %", m.share * 100)});
    append_table(out, 1, rows, load.more_modules);
    return out.empty() ? "nothing has come in and nothing was called\n" : out;
}

std::string json_of(const Load& load, uint64_t time_us) {
    std::string out, time;
    observe::append_rfc3339(time, time_us);
    json::Writer w(out);
    w.object().key("time").string(time).key("seconds").number(load.seconds);
    write_services(w, load.services);
    write_routes(w, load.routes);
    write_listeners(w, load.listeners);
    write_modules(w, load.modules);
    w.end();
    return out;
}

}  // namespace microhost::control
