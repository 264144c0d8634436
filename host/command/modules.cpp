// SPDX-License-Identifier: Apache-2.0
#include "command/modules.hpp"

#include <array>

#include "command/table.hpp"
#include "json/nearest.hpp"
#include "module/operations.hpp"

namespace microhost::command {
namespace {

using module::ModuleRow;
using module::ModuleState;
using module::Operations;

constexpr std::array<std::string_view, 6> kStates{"loading", "running", "draining",
                                                  "parked",  "failed",  "quarantined"};
std::string_view state_name(ModuleState s) { return kStates[static_cast<size_t>(s)]; }

struct Name {
    const char* name;
    const char* summary;
    const char* role;
};
constexpr Name kList{"modules list", "Lists the modules of the process and what they cost",
                     "viewer"};
constexpr Name kGet{"modules get", "Says everything about a module", "viewer"};
constexpr Name kLoad{"modules load", "Loads a module", "operator"};
constexpr Name kReload{"modules reload", "Takes a module's file again and replaces what runs",
                       "operator"};
constexpr Name kUnload{"modules unload", "Drains a module and removes it", "operator"};
constexpr Name kRelease{"modules release", "Ends a module's quarantine and loads it", "operator"};

Definition define(const Name& n) {
    Definition d;
    d.name = n.name;
    d.summary = n.summary;
    d.role = n.role;
    return d;
}

Argument place(const char* name, const char* summary, const char* choices) {
    Argument a;
    a.name = name;
    a.summary = summary;
    a.choices = choices;
    a.flags = MH_ARG_REQUIRED | MH_ARG_POSITIONAL;
    return a;
}

Cell number(double value, std::string text) {
    return {MH_TYPE_NUMBER, std::move(text), static_cast<int64_t>(value), value};
}

double cpu_ms(const ModuleRow& m) { return static_cast<double>(m.cpu_ns) / 1e6; }

void list(Running& r, const Operations& operations) {
    r.columns({"id", "version", "generation", "state", "requests", "calls", "cpu_ms", "file"});
    for (const ModuleRow& m : operations.list())
        r.row({Cell::of(m.id), Cell::of(m.version), Cell::of(uint64_t{m.generation}),
               Cell::of(state_name(m.state)), Cell::of(m.requests), Cell::of(m.calls),
               number(cpu_ms(m), fmt::format("{:.1f}", cpu_ms(m))), Cell::of(m.path)});
    r.end(MH_OK, 0, {});
}

std::string json_of(const ModuleRow& m) {
    std::string out;
    json::Writer w(out);
    w.object().key("id").string(m.id).key("version").string(m.version);
    w.key("summary").string(m.summary).key("file").string(m.path);
    w.key("generation").uint64(m.generation).key("state").string(state_name(m.state));
    if (!m.detail.empty()) w.key("detail").string(m.detail);
    if (m.loaded_ms) w.key("loaded").string(Cell::time(m.loaded_ms).text);
    w.key("pinned").boolean(m.pinned).key("requests").uint64(m.requests);
    w.key("handles").uint64(m.handles).key("calls").uint64(m.calls);
    w.key("cpu_ms").number(cpu_ms(m)).key("errors").uint64(m.errors);
    w.key("bytes").uint64(m.bytes);
    if (!m.manifest.empty()) w.key("manifest").raw(m.manifest);
    w.end();
    return out;
}

std::string no_such_module(std::string_view id, const std::vector<ModuleRow>& all) {
    std::vector<std::string_view> ids;
    for (const ModuleRow& m : all) ids.push_back(m.id);
    return fmt::format("there is no module {}{}; \"modules list\" shows all", json::quote_short(id),
                       json::did_you_mean(id, ids));
}

// All generations of that id, each as one JSON value.
void get(Running& r, const Operations& operations) {
    const std::string_view id = r.values().text("id");
    const std::vector<ModuleRow> all = operations.list();
    bool found = false;
    for (const ModuleRow& m : all)
        if (m.id == id) {
            r.json(json_of(m));
            found = true;
        }
    if (found)
        r.end(MH_OK, 0, {});
    else
        r.end(MH_E_NOT_FOUND, 1, no_such_module(id, all));
}

using Operation = void (Operations::*)(std::string, Operations::Done);

Action change(Operations& operations, Operation operation, const char* argument) {
    return [&operations, operation, argument](const RunningPtr& r) {
        (operations.*operation)(std::string(r->values().text(argument)),
                                [r](Result<std::string> done) {
                                    if (!done) {
                                        r->end(MH_E_INVALID, 1, done.error().what);
                                        return;
                                    }
                                    r->text(*done + "\n");
                                    r->end(MH_OK, 0, {});
                                });
    };
}

}  // namespace

void add_modules_commands(Table& table, Operations& operations) {
    table.add(define(kList), [&](const RunningPtr& r) { list(*r, operations); });
    Definition d = define(kGet);
    d.args = {place("id", "id of a module", "@module")};
    table.add(d, [&](const RunningPtr& r) { get(*r, operations); });
    d = define(kLoad);
    d.args = {place("name", "a name in the module path, or a path", "")};
    table.add(d, change(operations, &Operations::load, "name"));
    d = define(kReload);
    d.args = {place("id", "id of a module", "@module")};
    table.add(d, change(operations, &Operations::reload, "id"));
    d = define(kUnload);
    d.args = {place("id", "id of a module", "@module")};
    table.add(d, change(operations, &Operations::unload, "id"));
    d = define(kRelease);
    d.args = {place("id", "id of a module in quarantine", "@module")};
    table.add(d, change(operations, &Operations::release, "id"));
}

bool is_host_command(std::string_view name) {
    // Those of host/control.
    for (std::string_view n : {"config get", "logs", "publish", "subscribe", "top"})
        if (n == name) return true;
    for (const Name& n : {kList, kGet, kLoad, kReload, kUnload, kRelease})
        if (n.name == name) return true;
    return false;
}

}  // namespace microhost::command
