// SPDX-License-Identifier: Apache-2.0
/// What the operator asked for: flags, environment, file. It is looked at again whenever the modules or the file change.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "config/assemble.hpp"
#include "config/config.hpp"
#include "config/surroundings.hpp"
#include "module/check.hpp"
#include "result.hpp"

namespace microhost::serve {

/// Thread: main. It blocks on the disk.
class Intent {
  public:
    /// `flags`: what stands before a verb; `config`: of --config, or empty.
    Intent(std::vector<std::string> flags, std::string config, config::Surroundings surroundings)
        : flags_(std::move(flags)),
          config_(std::move(config)),
          surroundings_(std::move(surroundings)) {}

    /// Reads the file (again). On an error the text that was read before stays in use.
    Result<> read();
    /// What is needed to find the modules.
    Result<config::Config> early() const;
    /// The whole configuration of these modules; what was asked last is remembered until the file is read again. `dropped`:
    /// ids of those that were found in the plugin directory.
    Result<config::Config> assemble(std::span<const module::CandidatePtr> modules,
                                    const std::set<std::string>& dropped = {}) const;

  private:
    std::vector<std::string> flags_;
    std::string config_;
    config::Surroundings surroundings_;
    config::File file_;
    struct Assembled {
        std::vector<module::CandidatePtr> of;
        std::set<std::string> dropped;
        config::Config config;
    };
    mutable std::optional<Assembled> last_;
};

/// What the manifests of these modules say about their configuration.
std::vector<config::ModuleSchema> schemas(std::span<const module::CandidatePtr> modules,
                                          const std::set<std::string>& dropped = {});

}  // namespace microhost::serve
