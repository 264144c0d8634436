// SPDX-License-Identifier: Apache-2.0
/// Where services come from, as mh.registry/1 tells it, and the folder into which nodes are put. Control thread only.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <microhost/base.h>

#include "registry/provider.hpp"

namespace microhost::rpc {

struct SourceRow {
    std::string name, place, problem;
    size_t services = 0, nodes = 0;
};

/// What the table's providers tell; `folder`: that of the host's own one.
std::vector<SourceRow> source_rows(const std::vector<registry::ProviderRow>& providers,
                                   const std::string& folder);

class RegistrySources {
  public:
    /// `runtime_dir`: where put() writes.
    RegistrySources(std::string runtime_dir, std::function<std::vector<SourceRow>()> rows);
    ~RegistrySources();
    RegistrySources(const RegistrySources&) = delete;
    RegistrySources& operator=(const RegistrySources&) = delete;

    /// Of the thread that made it, or null.
    static RegistrySources* current();

    [[nodiscard]] std::vector<SourceRow> rows() const { return rows_(); }
    mh_status put(std::string_view service_json, uint32_t ttl_s);
    mh_status remove(std::string_view service_json);
    /// Why the last of the two was refused.
    [[nodiscard]] const std::string& fault() const { return fault_; }

  private:
    mh_status refuse(mh_status s, std::string_view what);

    std::string runtime_dir_, fault_;
    std::function<std::vector<SourceRow>()> rows_;
};

}  // namespace microhost::rpc
