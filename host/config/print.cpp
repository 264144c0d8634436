// SPDX-License-Identifier: Apache-2.0
#include "config/print.hpp"

#include "config/flags.hpp"
#include "config/keys.hpp"
#include "json/pointer.hpp"
#include "json/writer.hpp"

namespace microhost::config {
namespace {

class Effective {
  public:
    explicit Effective(const Config& config) : config_(config) {}

    std::string text() {
        out_ = "{\n";
        members(config_.document.root(), "", 1);
        out_ += "}\n";
        return std::move(out_);
    }

  private:
    void members(json::Value object, const std::string& at, std::size_t depth) {
        std::size_t left = object.size();
        for (auto [key, value] : object.members()) {
            const std::string here = at + "/" + json::pointer_escape(key);
            out_.append(depth * 2, ' ').append(json::quote(key)).append(": ");
            const char* comma = --left > 0 ? "," : "";
            if (value.is_object() && value.size() > 0 && !config_.secrets.contains(here)) {
                out_ += "{\n";
                members(value, here, depth + 1);
                out_.append(depth * 2, ' ').append("}").append(comma).append("\n");
            } else {
                const std::string shown =
                    config_.secrets.contains(here) ? "\"***\"" : json::to_text(value);
                // Only what can be set has an origin; a section that is not there has none.
                const bool section = depth == 1 && value.is_object();
                out_ += section ? fmt::format("{}{}\n", shown, comma)
                                : fmt::format("{}{}  // {}\n", shown, comma,
                                              origin_text(config_, here));
            }
        }
    }

    const Config& config_;
    std::string out_;
};

constexpr std::size_t kWidth = 80;
constexpr std::size_t kColumn = 34;

/// One flag, its explanation broken into lines in the right column.
void entry(std::string& out, std::string_view flag, std::string_view doc) {
    std::string line = fmt::format("  {}", flag);
    if (line.size() + 2 > kColumn) {
        out += line + "\n";
        line.clear();
    }
    line.resize(kColumn, ' ');
    bool empty = true;
    for (const std::string& word : split_list(doc, ' ')) {
        if (!empty && line.size() + 1 + word.size() > kWidth) {
            out += line + "\n";
            line.assign(kColumn, ' ');
            empty = true;
        }
        if (!empty) line += ' ';
        line += word;
        empty = false;
    }
    out += line + "\n";
}

std::string_view value_word(Type type) {
    switch (type) {
        case Type::boolean: return "";
        case Type::integer: return " COUNT";
        case Type::size: return " SIZE";
        case Type::duration: return " TIME";
        case Type::string: return " TEXT";
        case Type::choice: return " WORD";
        case Type::list: return " A,B";
        case Type::paths: return " DIR:DIR";
    }
    return "";
}

void host_help(std::string& out) {
    out += "Host (variables: MICROHOST_ and the name in capitals)\n";
    entry(out, "--config FILE", "configuration file (or MICROHOST_CONFIG)");
    entry(out, "--load NAME[,NAME]", "modules to load; may be repeated");
    entry(out, "--check_config",
          "check everything, print the result and where each value came from");
    entry(out, "--print_schema", "print the JSON schema of the configuration file");
    entry(out, "--help, --version", "");
    for (const Key& key : keys()) {
        std::string doc(key.doc);
        if (key.type == Type::choice)
            doc += fmt::format(": {}", fmt::join(split_list(key.choices, ' '), " | "));
        if (!key.fallback.empty()) doc += fmt::format(" [{}]", key.fallback);
        if (!key.alias.empty()) doc += fmt::format(" (also --{})", flag_name(key.alias));
        if (!key.variable.empty()) doc += fmt::format(" (also {})", key.variable);
        entry(out, fmt::format("--{}{}", flag_name(key.path), value_word(key.type)), doc);
    }
}

std::string module_doc(json::Value schema) {
    std::string doc(schema.find("description").as_string().value_or(""));
    if (const json::Value words = schema.find("enum")) {
        doc += ":";
        for (json::Value word : words.items())
            doc += fmt::format(
                " {}", word.as_string() ? std::string(*word.as_string()) : json::to_text(word));
    }
    if (const json::Value v = schema.find("default"))
        doc += fmt::format(" [{}]", v.as_string() ? std::string(*v.as_string()) : json::to_text(v));
    for (json::Value alias : schema.find("x-flags").items()) {
        std::string_view name = alias.as_string().value_or("");
        while (name.starts_with('-')) name.remove_prefix(1);
        doc += fmt::format(" (also --{})", name);
    }
    return doc;
}

std::string module_value_word(json::Value schema) {
    const std::string_view type = schema.find("type").as_string().value_or("value");
    if (type == "boolean") return "";
    if (type == "array") return " A,B";
    if (type == "object") return " JSON";
    return type == "integer" || type == "number" ? " NUMBER" : " TEXT";
}

}  // namespace

Origin origin_of(const Config& config, std::string_view pointer) {
    for (;;) {
        const auto found = config.origins.find(pointer);
        if (found != config.origins.end()) return found->second;
        const auto slash = pointer.rfind('/');
        if (slash == pointer.npos || slash == 0) return {};
        pointer = pointer.substr(0, slash);
    }
}

std::string origin_text(const Config& config, std::string_view pointer) {
    return origin_of(config, pointer).text();
}

std::string effective_text(const Config& config) { return Effective{config}.text(); }

std::string help_text(std::span<const ModuleSchema> modules) {
    std::string out = "usage: microhost [FLAGS] [VERB ...]\n\n";
    host_help(out);
    for (const ModuleSchema& m : modules) {
        const json::Value properties = m.config.find("properties");
        if (properties.size() == 0) continue;
        out += fmt::format("\nModule {}\n", m.id);
        for (auto [key, schema] : properties.members())
            entry(out,
                  fmt::format("--{}_{}{}", flag_form(m.id), flag_form(key),
                              module_value_word(schema)),
                  module_doc(schema));
    }
    return out;
}

}  // namespace microhost::config
