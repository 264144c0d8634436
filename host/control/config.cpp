// SPDX-License-Identifier: Apache-2.0
#include "control/config.hpp"

#include "command/table.hpp"
#include "config/print.hpp"
#include "control/ongoing.hpp"
#include "json/nearest.hpp"
#include "json/pointer.hpp"
#include "json/writer.hpp"

namespace microhost::control {
namespace {

using command::Cell;
using command::RunningPtr;

std::string with_slash(std::string_view pointer) {
    while (pointer.ends_with('/')) pointer.remove_suffix(1);
    if (pointer.empty() || pointer.starts_with('/')) return std::string(pointer);
    return "/" + std::string(pointer);
}

/// Itself or what it lies in is not to be shown.
bool is_secret(const config::Config& config, std::string_view pointer) {
    for (;;) {
        if (config.secrets.contains(std::string(pointer))) return true;
        const auto slash = pointer.rfind('/');
        if (slash == pointer.npos) return false;
        pointer = pointer.substr(0, slash);
    }
}

class Collector {
  public:
    explicit Collector(const config::Config& config) : config_(config) {}

    void add(const std::string& pointer, json::Value v) {
        const bool secret = is_secret(config_, pointer);
        if (!secret && v.is_object() && v.size() > 0) {
            for (const json::Member& m : v.members())
                add(pointer + "/" + json::pointer_escape(m.key), m.value);
            return;
        }
        // Of "/modules" or "/filters" without anything in it nobody has set anything.
        const bool section = v.is_object() && pointer.rfind('/') == 0;
        rows.push_back({pointer, secret ? json::Value() : v,
                        section ? "" : config::origin_text(config_, pointer)});
    }

    std::vector<ConfigRow> rows;

  private:
    const config::Config& config_;
};

Error no_such_value(const config::Config& config, const std::string& pointer) {
    const auto slash = pointer.rfind('/');
    const json::Value parent = config.document.root().find_pointer(pointer.substr(0, slash));
    std::vector<std::string> escaped;
    for (const json::Member& m : parent.members()) escaped.push_back(json::pointer_escape(m.key));
    const std::vector<std::string_view> names(escaped.begin(), escaped.end());
    return error("the configuration has no {}{}", json::quote_short(pointer),
                 json::did_you_mean(std::string_view(pointer).substr(slash + 1), names));
}

Cell cell_of(json::Value v) {
    if (!v) return Cell::of("***");
    if (const auto text = v.as_string()) return Cell::of(*text);
    return {MH_TYPE_JSON, json::to_text(v)};
}

void get(command::Running& r, const config::Config& config) {
    const auto rows = config_rows(config, r.values().text("pointer"));
    if (!rows) {
        r.end(MH_E_NOT_FOUND, 1, rows.error().what);
        return;
    }
    r.columns({"pointer", "value", "from"});
    for (const ConfigRow& row : *rows)
        r.row({Cell::of(row.pointer), cell_of(row.value),
               row.from.empty() ? Cell::none() : Cell::of(row.from)});
    r.end(MH_OK, 0, {});
}

}  // namespace

Result<std::vector<ConfigRow>> config_rows(const config::Config& config, std::string_view pointer) {
    const std::string at = with_slash(pointer);
    const json::Value v = config.document.root().find_pointer(at);
    if (!v) return no_such_value(config, at);
    Collector c(config);
    c.add(at, v);
    return std::move(c.rows);
}

void add_config_command(command::Table& table, std::function<const config::Config&()> config) {
    command::Definition d =
        define("config get", "The configuration in use, and where each value came from", "viewer");
    d.help = "Values that must not be shown read ***.";
    d.examples = "microhost config get /host/log\nmicrohost config get modules/api --output json";
    d.args = {place("pointer", "a part of it, such as /host/log/level; all of it without")};
    table.add(std::move(d),
              [config = std::move(config)](const RunningPtr& r) { get(*r, config()); });
}

}  // namespace microhost::control
