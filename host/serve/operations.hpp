// SPDX-License-Identifier: Apache-2.0
/// What an operator does with the modules of this process: the listing, and load, reload, unload.
#pragma once

#include "module/operations.hpp"

namespace microhost::module {
class ModuleSet;
}
namespace microhost::observe {
class Metrics;
}

namespace microhost::serve {

class ModuleOperations final : public module::Operations {
  public:
    ModuleOperations(const module::ModuleSet& modules, const observe::Metrics& metrics)
        : modules_(modules), metrics_(metrics) {}

    std::vector<module::ModuleRow> list() const override;
    void load(std::string name, Done done) override;
    void reload(std::string id, Done done) override;
    void unload(std::string id, Done done) override;

  private:
    const module::ModuleSet& modules_;
    const observe::Metrics& metrics_;
};

}  // namespace microhost::serve
