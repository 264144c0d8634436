// SPDX-License-Identifier: Apache-2.0
#include "control/config_view.hpp"

#include <algorithm>

#include "config/frame.hpp"
#include "config/print.hpp"
#include "control/config.hpp"
#include "json/pointer.hpp"
#include "json/writer.hpp"

namespace microhost::control {
namespace {

std::vector<std::string> steps_of(std::string_view pointer) {
    std::vector<std::string> out;
    while (!pointer.empty()) {
        pointer.remove_prefix(1);  // the slash
        const auto end = std::min(pointer.find('/'), pointer.size());
        out.push_back(json::pointer_unescape(pointer.substr(0, end)));
        pointer.remove_prefix(end);
    }
    return out;
}

bool is_plain(std::string_view step) {
    return !step.empty() && step.find_first_of(".\"\\") == step.npos;
}

/// Takes one step off; what is broken leaves `at` as it is.
Result<std::string> take_step(std::string_view& at) {
    if (!at.starts_with('"')) {
        const std::string_view step = at.substr(0, at.find('.'));
        if (!is_plain(step)) return error("a step is empty, or must be quoted");
        at.remove_prefix(step.size());
        return {boost::system::in_place_value, std::string(step)};
    }
    size_t end = 1;
    while (end < at.size() && at[end] != '"') end += at[end] == '\\' ? 2 : 1;
    if (end >= at.size()) return error("a quote is not closed");
    const auto text = json::Document::parse(at.substr(0, end + 1));
    if (!text) return text.error();
    at.remove_prefix(end + 1);
    return {boost::system::in_place_value, std::string(text->root().as_string().value_or(""))};
}

/// What the schemas say about one value.
class Schemas {
  public:
    Schemas(const config::Config& config, std::span<const config::ModuleSchema> modules)
        : config_(config), modules_(modules) {
        const auto text = config::document_schema({.modules = modules});
        if (auto parsed = json::Document::parse(text)) all_ = std::move(*parsed);
    }

    void say(std::string_view pointer, ConfigValue& to) const {
        const std::vector<std::string> steps = steps_of(pointer);
        json::Value at = all_.root();
        size_t i = 0;
        if (const json::Value filter = filter_schema(steps)) at = filter, i = 3;
        for (; i < steps.size(); i++) {
            at = below(at, steps[i]);
            if (at.find("x-live").as_bool() == false) to.live = false;
        }
        to.doc = at.find("description").as_string().value_or("");
        if (const json::Value v = at.find("default"); v && !to.secret)
            to.default_json = json::to_text(v);
    }

  private:
    static json::Value below(json::Value schema, std::string_view step) {
        const json::Value own = schema.find("properties").find(step);
        return own ? own : schema.find("additionalProperties");
    }

    /// Of /filters/NAME/config/...: that of the module which the filter uses.
    json::Value filter_schema(const std::vector<std::string>& steps) const {
        if (steps.size() < 4 || steps[0] != "filters" || steps[2] != "config") return {};
        const auto filter =
            std::ranges::find(config_.filters, steps[1], &config::FilterInstance::name);
        if (filter == config_.filters.end()) return {};
        const auto module = std::ranges::find(modules_, filter->use, &config::ModuleSchema::id);
        if (module == modules_.end()) return {};
        return module->filter ? module->filter : module->config;
    }

    const config::Config& config_;
    std::span<const config::ModuleSchema> modules_;
    json::Document all_;
};

std::string source_text(const config::Origin& o) {
    if (o.source == config::Source::fallback) return {};
    if (o.source == config::Source::file && o.line) return fmt::format("{}:{}", o.name, o.line);
    return o.name;
}

}  // namespace

std::string dotted_of(std::string_view pointer) {
    std::string out;
    for (const std::string& step : steps_of(pointer)) {
        if (!out.empty()) out += '.';
        out += is_plain(step) ? step : json::quote(step);
    }
    return out;
}

Result<std::string> pointer_of(std::string_view dotted) {
    std::string out;
    while (!dotted.empty()) {
        auto step = take_step(dotted);
        if (!step) return step.error();
        out += "/" + json::pointer_escape(*step);
        if (dotted.empty()) break;
        if (dotted.size() == 1 || !dotted.starts_with('.'))
            return error("steps are joined by one \".\"");
        dotted.remove_prefix(1);
    }
    return {boost::system::in_place_value, std::move(out)};
}

Result<std::vector<ConfigValue>> config_values(const config::Config& config,
                                               std::span<const config::ModuleSchema> modules,
                                               std::string_view pointer) {
    const auto rows = config_rows(config, pointer);
    if (!rows) return rows.error();
    const Schemas schemas(config, modules);
    std::vector<ConfigValue> out;
    for (const ConfigRow& row : *rows) {
        ConfigValue v;
        v.path = dotted_of(row.pointer);
        v.secret = !row.value;
        v.json = v.secret ? "\"***\"" : json::to_text(row.value);
        const config::Origin origin =
            row.from.empty() ? config::Origin{} : config::origin_of(config, row.pointer);
        v.origin = origin.source;
        v.source = source_text(origin);
        schemas.say(row.pointer, v);
        out.push_back(std::move(v));
    }
    std::ranges::sort(out, {}, &ConfigValue::path);
    return out;
}

}  // namespace microhost::control
