// SPDX-License-Identifier: Apache-2.0
/// What modules are told of the configuration: each value with its origin and what its schema says.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/assemble.hpp"
#include "config/config.hpp"
#include "control/current.hpp"

namespace microhost::control {

struct ConfigValue {
    std::string path;  ///< modules.api.address
    std::string json;  ///< "***" when it is secret
    bool secret = false, live = true;
    config::Source origin = config::Source::fallback;
    std::string source;             ///< --api_address, MICRO_API_ADDRESS, file:line
    std::string doc, default_json;  ///< of the schema
};

/// "/modules/a.b/x" as modules."a.b".x, and the reverse, which may fail.
std::string dotted_of(std::string_view pointer);
Result<std::string> pointer_of(std::string_view dotted);

/// What is at or below that path, sorted by path. The error names what is near. `modules`: those whose sections may be in it.
Result<std::vector<ConfigValue>> config_values(const config::Config& config,
                                               std::span<const config::ModuleSchema> modules,
                                               std::string_view pointer);

/// Thread: main.
class ConfigView : public Current<ConfigView> {
  public:
    using Schemas = std::vector<config::ModuleSchema>;

    ConfigView(std::function<const config::Config&()> config, std::function<Schemas()> schemas)
        : config_(std::move(config)), schemas_(std::move(schemas)) {}
    Result<std::vector<ConfigValue>> values(std::string_view pointer) const {
        return config_values(config_(), schemas_(), pointer);
    }

  private:
    std::function<const config::Config&()> config_;
    std::function<Schemas()> schemas_;
};

}  // namespace microhost::control
