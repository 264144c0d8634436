// SPDX-License-Identifier: Apache-2.0
/// The registry as the commands look at it.
#pragma once

#include <microhost/command.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::cli {

/// One version of a service. Lent until the command returns to the host.
class Version {
  public:
    explicit Version(const mh_service_view* s) : s_(s) {}

    std::string_view name() const { return mh::view(api().name(s_)); }
    std::string_view version() const { return mh::view(api().version(s_)); }
    std::string_view json() const { return mh::view(api().json(s_)); }
    std::vector<mh_node_view> nodes() const;
    std::vector<mh_endpoint_view> endpoints() const;

  private:
    static const mh_registry& api() { return mh::use<mh_registry>(); }
    const mh_service_view* s_;
};

const mh_registry_view* registry_now();
/// All, sorted by name and version.
std::vector<Version> all_versions(const mh_registry_view* view);
std::vector<Version> versions_of(const mh_registry_view* view, std::string_view name);

/// "looked in /run/microhost/registry/v1 and mdns".
std::string where_looked();

/// The service that a person means by `typed`: its name, or the end of it behind a dot where only one name has that; then a note
/// says the whole name. Fails the run and answers nothing otherwise. A word that stands for itself, because there is an address
/// to call, need not be known.
std::optional<std::string> resolve(mh::command_run& run, std::string_view typed,
                                   bool must_be_known = true);

/// A node of Micro's HTTP broker takes events, never calls.
bool takes_calls(const mh_node_view& n);

}  // namespace microhost::cli
