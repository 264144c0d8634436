// SPDX-License-Identifier: Apache-2.0
/// The manifest: what a module says about itself, in JSON inside its file (the rules stand in microhost/entry.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.hpp"
#include "json/schema.hpp"
#include "result.hpp"

namespace microhost::module {

struct ManifestFilter {
    std::string name;   ///< the module's id when the manifest has none
    std::string phase;  ///< "authn", ..., or a number as text; empty when not said
    std::vector<std::string> after, before;
    std::string on_error;  ///< "closed", "open", "skip", or empty: what the phase asks for
};

struct ManifestCommand {
    std::string name, summary;
};

struct Manifest {
    std::string id, version;
    uint32_t abi_epoch = 0;
    std::string summary, license, homepage;
    /// "requires" is a word of C++.
    std::vector<std::string> needs, optional, provides;
    std::vector<ManifestFilter> filters;
    std::vector<ManifestCommand> commands;
    int64_t state_schema = 0;            ///< 0: keeps no state over a reload
    std::vector<int64_t> state_accepts;  ///< schemas that it can take over
    bool kv_durable = false;             ///< what it keeps in mh.kv outlives the process
    json::Document document;             ///< all of it, unknown keys included
    std::string text;                    ///< as in the file, without the closing NUL
    /// The two schemas, compiled; absent when the manifest has none.
    std::optional<json::Schema> config_rules, filter_rules;

    /// The schema of the module's own configuration; absent when it has none.
    json::Value config_schema() const { return document.root().find("config_schema"); }
    /// The schema of each filter instance.
    json::Value filter_schema() const {
        const json::Value own = document.root().find("filter_schema");
        return own ? own : config_schema();
    }
};

/// Errors: "manifest: key \"version\" is missing; ...". Thread: any.
Result<Manifest> parse_manifest(std::string_view text);

/// The section's bytes without what follows the closing NUL; refuses text behind it.
Result<std::string_view> manifest_text(std::string_view section);

/// "stamp", "rate-limit", "com.acme.stamp": the same characters in file names, flags and metric labels.
bool is_module_id(std::string_view id);

}  // namespace microhost::module
