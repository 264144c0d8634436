// SPDX-License-Identifier: Apache-2.0
/// Private to host/config: the work in progress of assemble(), handed from step to step.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/assemble.hpp"
#include "config/flags.hpp"
#include "config/keys.hpp"

namespace microhost::config {

class Names;

/// A value for one key of a module from flags or environment, not yet parsed.
struct Given {
    std::vector<std::string> texts;  ///< a repeated flag has several
    Origin origin;
};

struct Assembly {
    explicit Assembly(const Input& input) : in(input) {}

    const Input& in;
    Config out;
    std::vector<std::string> errors;
    std::vector<Flag> flags;
    std::map<std::string, Setting, std::less<>> settings;  ///< of the host, by path
    std::vector<std::map<std::string, Given>> given;       ///< for each module, by key
    std::string host, load, listeners, modules, filters;   ///< parts of the effective document

    json::Value file(std::string_view pointer) const {
        return in.file.document.root().find_pointer(pointer);
    }
    /// The origin of a value of the file; its line, or that of the nearest thing around it.
    Origin in_file(std::string_view pointer) const;
    void wrong(const Origin& where, std::string_view what);
    const ModuleSchema* module(std::string_view id) const;
};

/// Text put together from parts that were parsed before: it may be deeper and longer than each of them.
Result<json::Document> parse_ours(std::string_view text);

// The steps, in order.
void check_frame(Assembly& a);
void assemble_host(Assembly& a);
void assign_flags(Assembly& a, const Names& names);
void assemble_modules(Assembly& a);
void assemble_filters(Assembly& a);
void assemble_listeners(Assembly& a);

HostSettings host_settings(const std::map<std::string, Setting, std::less<>>& settings);
/// `path` is "limits/...".
void set_limit(Limits& limits, std::string_view path, const Setting& value);

/// Where a config object of the file may be written: first found wins. A pointer and what it points to.
struct Layer {
    std::string pointer;
    json::Value object;
};

/// Merges, fills in defaults, checks against `schema`; records origins and secrets under `pointer`.
struct Section {
    json::Value schema;
    const json::Schema* rules = nullptr;  ///< the schema compiled, if it is
    std::string pointer;
    const std::map<std::string, Given>* given = nullptr;
    std::vector<Layer> layers;
    bool need_required = true;
};
struct Merged {
    json::Document config;
    std::vector<std::string> problems;
};
Merged merge(Assembly& a, const Section& section);

}  // namespace microhost::config
